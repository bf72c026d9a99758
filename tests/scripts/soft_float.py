#!/usr/bin/env python3
"""Which functions of `f32` compute in `f64` on a Cortex-M4F, whose floating-point unit has single precision only.

Builds one function of its own for each, optimised as a whole program for thumbv7em-none-eabihf, and follows the calls in
the assembly: a call of `__aeabi_d*` and the like is a software routine for `f64`, or from and to it. Prints a table. Needs
that target (`rustup target add thumbv7em-none-eabihf`) and no other tool.
"""

import pathlib
import re
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

UNARY = """abs floor round sqrt cbrt exp exp_m1 ln ln_1p log10 sin cos tan atan sinh cosh tanh erfc softplus gelu silu"""
BINARY = "copysign hypot powf atan2"
APPROXIMATE = "exponential sigmoid hyperbolic_tangent softplus gelu silu"

# Operations of the scheme; conditions, norms of keys and the like are in f64 on purpose.
OPERATIONS = {
    "Ciphertext::mul": "c.write(c.read() * c.read().scale(x))",
    "Ciphertext::try_recip": "put(c, c.read().try_recip())",
    "Ciphertext::try_abs": "put(c, c.read().try_abs())",
    "Ciphertext::try_sigmoid": "put(c, c.read().try_sigmoid())",
    "Ciphertext::recip_unchecked": "c.write(c.read().recip_unchecked())",
    "Ciphertext::apply_with_slope_unchecked (sigmoid)": "c.write(c.read().apply_with_slope_unchecked("
    "#[inline(always)] |x| Arithmetic::sigmoid(x), #[inline(always)] |_, y| y - y * y))",
    "EvaluationKey::to_spectrum": "s.write(k.to_spectrum(c).unwrap_or(*s))",
    "EvaluationKey::to_ciphertext": "c.write(k.to_ciphertext(s))",
    "EvaluationKey::to_spectrum_checked": "s.write(k.to_spectrum_checked(c).unwrap_or(*s))",
}

TARGET = "thumbv7em-none-eabihf"

# Routines of the Arm run-time ABI: what the processor has no instruction for, but for copies of memory.
ROUTINE = re.compile(r"__(?!aeabi_mem)")
# Those on f64: arithmetic, comparison, and conversions from or to it.
DOUBLE = re.compile(r"__aeabi_(d\w+|[a-z]+2d)$|__\w*df\w*$")


def probe(approximations):
    """The source of a library and the label of each of its functions."""
    lines = [
        "#![no_std]",
        "use more_core::*;",
        "#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }",
    ]
    names = {}

    def export(label, parameters, body, result="f32"):
        symbol = f"probe_{len(names)}"
        names[symbol] = label
        lines.append(f'#[unsafe(no_mangle)] #[inline(never)] pub extern "C" fn {symbol}({parameters}) {"-> " + result if result else ""} {{ {body} }}')

    if approximations:
        for name in APPROXIMATE.split():
            export(f"approximate::{name}", "x: f32", f"approximate::{name}(x)")
        return "\n".join(lines) + "\n", names
    lines += [
        "trait Place<T> { fn read(&self) -> T; fn write(&mut self, value: T); }",
        "impl<T: Copy> Place<T> for T {",
        "    #[inline(always)] fn read(&self) -> T { *self }",
        "    #[inline(always)] fn write(&mut self, value: T) { *self = value }",
        "}",
        "#[inline(always)] fn put<T>(at: &mut T, value: Result<T, Error>) { if let Ok(value) = value { *at = value } }",
    ]
    for name in UNARY.split():
        export(f"Real::{name}", "x: f32", f"Real::{name}(x)")
    export("Real::powi", "x: f32, k: i32", "Real::powi(x, k)")
    for name in BINARY.split():
        export(f"Real::{name}", "x: f32, y: f32", f"Real::{name}(x, y)")
    export("Arithmetic::sigmoid", "x: f32", "Arithmetic::sigmoid(x)")
    for name, body in OPERATIONS.items():
        parameters = "c: &mut Ciphertext<f32, 2>, s: &mut Spectrum<f32, 2>, k: &EvaluationKey<f32, 2>, x: f32"
        export(f"{name}, N = 2", parameters, f"let _ = (&s, &k, x); {body}", None)
    return "\n".join(lines) + "\n", names


def assembly(source, features):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "src").mkdir()
        (folder / "src/lib.rs").write_text(source)
        (folder / "Cargo.toml").write_text(
            f"""[package]
name = "probe"
version = "0.0.0"
edition = "2024"
[lib]
crate-type = ["staticlib"]
[dependencies]
more-core = {{ path = "{ROOT / "more-core"}", default-features = false, features = ["{features}"] }}
[profile.release]
lto = "fat"
codegen-units = 1
panic = "abort"
[workspace]
"""
        )
        shutil.copy(ROOT / "Cargo.lock", folder)
        command = ["cargo", "rustc", "--quiet", "--release", "--target", TARGET, "--target-dir", str(folder / "target")]
        subprocess.run([*command, "--", "--emit", "asm"], cwd=folder, check=True)
        files = list((folder / "target" / TARGET / "release/deps").glob("probe*.s"))
        assert len(files) == 1, files
        return files[0].read_text()


def calls(text):
    """For every function of the assembly, the symbols it branches to."""
    graph, current = {}, None
    for line in text.splitlines():
        if label := re.match(r"([A-Za-z_.$][\w.$]*):", line):
            if not label[1].startswith(".L"):
                current = graph.setdefault(label[1], set())
        elif current is not None and (branch := re.match(r"\s+(?:bl|blx|b|b\.w)\s+([A-Za-z_][\w.$]*)\s*$", line)):
            current.add(branch[1])
        # Functions with one body between them.
        if alias := re.match(r"\s+\.set\s+([\w.$]+),\s*([\w.$]+)", line):
            graph.setdefault(alias[1], set()).add(alias[2])
    return graph


def reached(graph, symbol):
    seen, todo = set(), [symbol]
    while todo:
        for target in graph.get(todo.pop(), ()):
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


def main():
    rows, root = {}, False
    for features, approximations in (("libm", False), ("micromath", True)):
        source, names = probe(approximations)
        text = assembly(source, features)
        root |= "vsqrt" in text
        graph = calls(text)
        for symbol, label in names.items():
            assert symbol in graph, label
            rows[label] = sorted(filter(ROUTINE.match, reached(graph, symbol) - graph.keys()))
    # A build in which nothing at all is in software has not been read rightly.
    assert any(rows.values())
    print("| `f32` | on `f64` | others |\n| --- | --- | --- |")
    for label, routines in rows.items():
        if routines:
            double = [f"`{routine}`" for routine in routines if DOUBLE.match(routine)]
            others = [f"`{routine}`" for routine in routines if not DOUBLE.match(routine)]
            print(f"| `{label}` | {', '.join(double)} | {', '.join(others)} |")
    print("\nNone:", ", ".join(f"`{label}`" for label, routines in rows.items() if not routines) + ".")
    print(f"\n`vsqrt` occurs: {'yes' if root else 'no, square roots are computed in integers'}.")


if __name__ == "__main__":
    main()

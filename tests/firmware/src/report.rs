//! What a run tells the host through the debugger, on its standard error: lines of comma-separated fields. Without `core::fmt`, which is larger than
//! the firmware and can panic.

use cortex_m_semihosting::hio;

/// Prints `name,number,number..`.
pub fn line(name: &str, numbers: &[u32]) {
    // A lost report is found by the host.
    let Ok(mut out) = hio::hstderr() else { return };
    let _ = out.write_all(name.as_bytes());
    for number in numbers {
        let _ = out.write_all(b",");
        let mut digits = [0; 10];
        let _ = out.write_all(decimal(*number, &mut digits));
    }
    let _ = out.write_all(b"\n");
}

/// The decimal digits of a number.
fn decimal(mut number: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        length += 1;
        if number == 0 {
            break;
        }
    }
    digits.get(digits.len() - length..).unwrap_or_default()
}

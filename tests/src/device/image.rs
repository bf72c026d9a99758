//! What a firmware image takes: flash and RAM, and which symbols are in it.

use std::fs;
use std::path::Path;

use object::{Object, ObjectSection, ObjectSymbol};

/// An ELF file of firmware.
#[derive(Debug)]
pub struct Memory {
    /// Bytes of code: `.text`, with the vector table.
    pub text: u64,
    /// Bytes of constants.
    pub rodata: u64,
    /// Bytes of variables with a value, which are in flash too.
    pub data: u64,
    /// Bytes of variables that begin as zeros.
    pub bss: u64,
    /// The names of functions and variables.
    pub symbols: Vec<String>,
}

impl Memory {
    /// Reads the sections and symbols.
    ///
    /// # Panics
    ///
    /// If there is no such file, or it is no ELF file.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = object::File::parse(&*bytes).expect("an ELF file");
        let size = |name: &str| file.section_by_name(name).map_or(0, |section| section.size());
        let symbols = file.symbols().filter_map(|symbol| symbol.name().ok()).map(str::to_owned).collect();
        Self {
            text: size(".vector_table") + size(".text"),
            rodata: size(".rodata"),
            data: size(".data"),
            bss: size(".bss") + size(".uninit"),
            symbols,
        }
    }

    /// Bytes in flash.
    #[must_use]
    pub const fn flash(&self) -> u64 {
        self.text + self.rodata + self.data
    }

    /// Bytes of RAM, without the stack.
    #[must_use]
    pub const fn ram(&self) -> u64 {
        self.data + self.bss
    }
}

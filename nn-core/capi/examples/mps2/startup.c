// What runs before `main` on the emulated board mps2-an386 (Cortex-M4F), with newlib's semihosting for `printf`.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern uint32_t stack_top, data_start, data_end, data_load, bss_start, bss_end;
extern void initialise_monitor_handles(void);
extern int main(void);

void reset(void) {
  // Coprocessor access control: the floating-point unit (Armv7-M Architecture Reference Manual, B3.2.20).
  volatile uint32_t *const cpacr = (volatile uint32_t *)0xE000ED88U;
  *cpacr |= 0xFU << 20;
  __asm volatile("dsb\nisb");
  memcpy(&data_start, &data_load, (size_t)((char *)&data_end - (char *)&data_start));
  memset(&bss_start, 0, (size_t)((char *)&bss_end - (char *)&bss_start));
  initialise_monitor_handles();
  exit(main());
}

static void fault(void) {
  _Exit(2);
}

// The stack's top, reset, and the handlers of non-maskable interrupt and faults.
__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    &stack_top, (const void *)reset, (const void *)fault, (const void *)fault,
    (const void *)fault, (const void *)fault, (const void *)fault,
};

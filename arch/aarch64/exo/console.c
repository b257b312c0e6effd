/* SPDX-License-Identifier: ISC */
/*
 * The console is the board's serial port, a PL011 (Arm's DDI 0183); last words go to the debugger's
 * host. Touches that device; no locks: callers' bytes may interleave.
 */
#include "arch/aarch64/exo/a64.h"
#include "arch/aarch64/exo/local.h"
#include "exo/console.h"

#define UART_DATA       (LAYOUT_UART + 0x00)
#define UART_STATE      (LAYOUT_UART + 0x18)
#define UART_CONTROL    (LAYOUT_UART + 0x30)
#define UART_INTERRUPTS (LAYOUT_UART + 0x38)

enum {
	UART_BUSY = 1 << 3,          /* of UART_STATE */
	UART_NONE_RECEIVED = 1 << 4,
	UART_CANNOT_SEND = 1 << 5,
	UART_ON = 0x301,             /* of UART_CONTROL: both directions */
	UART_RECEIVED = 1 << 4 | 1 << 6, /* of UART_INTERRUPTS: a byte; some, and time has passed */
};

/* The FIFOs stay as they are: to change that would drop what was typed before us. */
void console_init(void)
{
	a64_out32(UART_INTERRUPTS, 0);
	a64_out32(UART_CONTROL, UART_ON);
}

void console_listen(void)
{
	a64_out32(UART_INTERRUPTS, UART_RECEIVED);
}

void arch_console_put(struct machine *m, uint8_t byte)
{
	(void)m;
	while (a64_in32(UART_STATE) & UART_CANNOT_SEND)
		__asm__ volatile("yield");
	a64_out32(UART_DATA, byte);
}

/* The interrupt lasts as long as there is input, so it is off while that is not taken. */
int arch_console_get(struct machine *m)
{
	(void)m;
	if (!(a64_in32(UART_STATE) & UART_NONE_RECEIVED))
		return (int)(a64_in32(UART_DATA) & 0xff);
	console_listen();
	return -1;
}

void console_interrupt(struct machine *m)
{
	console_receive(m);
	if (!(a64_in32(UART_STATE) & UART_NONE_RECEIVED))
		a64_out32(UART_INTERRUPTS, 0);
}

void console_drain(void)
{
	while (a64_in32(UART_STATE) & UART_BUSY)
		__asm__ volatile("yield");
}

void console_byte(unsigned to, uint8_t byte)
{
	if (to & CONSOLE_SERIAL)
		arch_console_put(NULL, byte);
	if (to & CONSOLE_LAST)
		panic_host_call(HOST_WRITE_BYTE, &byte);
}

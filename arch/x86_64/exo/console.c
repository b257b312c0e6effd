/* SPDX-License-Identifier: ISC */
/*
 * The console is the first serial port (16550), at 115200 baud: output waits for the transmitter,
 * input interrupts. The channel for last words is a port that QEMU's isa-debugcon listens to and
 * that nobody minds elsewhere. Touches those ports; no locks: callers' bytes may interleave.
 */
#include "arch/x86_64/exo/local.h"
#include "arch/x86_64/exo/x86.h"

enum {
	UART_DATA = 0x3f8,
	UART_INTERRUPTS = 0x3f9, /* bit 0: received */
	UART_FIFO = 0x3fa,
	UART_LINE = 0x3fb,
	UART_MODEM = 0x3fc,
	UART_STATE = 0x3fd,

	UART_DIVISOR = 0x80,     /* of UART_LINE: the first two ports set the rate */
	UART_8N1 = 0x03,
	UART_READY = 0x0b,       /* DTR, RTS, and the gate of the interrupt line */
	UART_RECEIVED = 0x01,
	UART_CAN_SEND = 0x20,
	UART_SENT = 0x40,

	LAST_WORDS = 0xe9,
};

void console_init(void)
{
	x86_out8(UART_LINE, UART_DIVISOR | UART_8N1);
	x86_out8(UART_DATA, 1); /* 115200 / 1 */
	x86_out8(UART_INTERRUPTS, 0);
	x86_out8(UART_LINE, UART_8N1);
	x86_out8(UART_FIFO, 0); /* none: turning it on would drop what was typed before us */
	x86_out8(UART_MODEM, UART_READY);
}

void console_listen(void)
{
	x86_out8(UART_INTERRUPTS, 1);
}

void arch_console_put(struct machine *m, uint8_t byte)
{
	(void)m;
	while (!(x86_in8(UART_STATE) & UART_CAN_SEND))
		__asm__ volatile("pause");
	x86_out8(UART_DATA, byte);
}

int arch_console_get(struct machine *m)
{
	(void)m;
	return x86_in8(UART_STATE) & UART_RECEIVED ? x86_in8(UART_DATA) : -1;
}

void console_drain(void)
{
	while (!(x86_in8(UART_STATE) & UART_SENT))
		__asm__ volatile("pause");
}

void console_byte(unsigned to, uint8_t byte)
{
	if (to & CONSOLE_SERIAL)
		arch_console_put(NULL, byte);
	if (to & CONSOLE_LAST)
		x86_out8(LAST_WORDS, byte);
}

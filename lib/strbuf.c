/* SPDX-License-Identifier: ISC */
#include "lib/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
strbuf_init(struct strbuf *b, char *mem, size_t size)
{
	b->s = mem;
	b->size = size;
	b->len = 0;
	b->truncated = false;
	mem[0] = '\0';
}

void
strbuf_addn(struct strbuf *b, const char *text, size_t n)
{
	size_t room = b->size - 1 - b->len;

	if (n > room) {
		n = room;
		b->truncated = true;
	}
	memcpy(b->s + b->len, text, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void
strbuf_add(struct strbuf *b, const char *text)
{
	strbuf_addn(b, text, strlen(text));
}

void
strbuf_addc(struct strbuf *b, char c)
{
	strbuf_addn(b, &c, 1);
}

void
strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	size_t room = b->size - b->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(b->s + b->len, room, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= room) {
		b->truncated = true;
		n = (int)room - 1;
	}
	b->len += (size_t)n;
}

static void
escape_byte(struct strbuf *b, unsigned char c, const char *quote)
{
	static const char hex[] = "0123456789abcdef";
	char esc[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

	if (c >= 0x20 && c < 0x7f) {
		if (strchr(quote, c))
			strbuf_addc(b, '\\');
		strbuf_addc(b, (char)c);
	} else if (c == '\n' || c == '\t' || c == '\r') {
		strbuf_addn(b, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r", 2);
	} else {
		strbuf_addn(b, esc, sizeof(esc));
	}
}

void
strbuf_escape(struct strbuf *b, const char *bytes, size_t n, const char *quote)
{
	for (size_t i = 0; i < n; i++)
		escape_byte(b, (unsigned char)bytes[i], quote);
}

void
strbuf_quote(struct strbuf *b, const char *bytes, size_t n, size_t max)
{
	strbuf_addc(b, '"');
	strbuf_escape(b, bytes, n < max ? n : max, "\"\\");
	strbuf_addc(b, '"');
	if (n > max)
		strbuf_add(b, "...");
}

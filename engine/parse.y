%code top {
/* SPDX-License-Identifier: ISC */
/*
 * The policy language, a statement per line.  What a word means is not looked
 * at here: order never matters, so that waits until every line is known.
 */
}
%code requires {
#include "engine/load_int.h"
}
%code {
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define YYMALLOC	xmalloc
#define YYFREE		free

/* The scanner's side, made by flex. */
int tgp_lex(TGP_STYPE *, void *scanner);
int tgp_lex_init_extra(struct parser *, void **scanner);
void *tgp__scan_bytes(const char *, int, void *scanner);
void tgp_set_lineno(int, void *scanner);
int tgp_lex_destroy(void *scanner);

static void tgp_error(void *scanner, struct parser *, const char *);
}

%define api.pure full
%define api.prefix {tgp_}
%define parse.error custom
%define parse.lac full
%param { void *scanner }
%parse-param { struct parser *x }

%union {
	struct word word;
	struct wordlist list;
	enum condop_kind compare;
	struct ruleline line;
}

%token <word> K_ALLOW "\"allow\"" K_ASK "\"ask\"" K_DENY "\"deny\"" K_TRAP "\"trap\"" K_KILL "\"kill\""
%token <word> K_POLICY K_PROGRAM K_INCLUDE K_LET K_DEFAULT K_UNKNOWN K_PROMISE K_UNSAFE K_GUARD
%token <word> K_CHILDREN K_BLOCK K_USE K_PHASE K_INHERIT "\"inherit\"" K_UNTIL "\"until\""
%token <word> K_EXEC "\"exec\"" K_OPEN "\"open\"" K_MARK "\"mark\"" K_AFTER "\"after\"" ARROW "\"->\""
%token <word> K_IF "\"if\"" K_LOG "\"log\"" K_QUIET "\"quiet\""
%token <word> WORD_ "a word" STRING "a quoted pattern" ERRNO "an error name" NL "the end of the line" BAD
%token <word> AND "\"and\"" OR "\"or\"" NOT "\"not\"" IN "\"in\"" HAS "\"has\""
%token <word> EQ "\"==\"" NE "\"!=\"" LT "\"<\"" LE "\"<=\"" GT "\">\"" GE "\">=\""
%token <word> ',' "\",\"" '=' "\"=\"" '{' "\"{\"" '}' '&' "\"&\"" '|' "\"|\"" '(' "\"(\"" ')' "\")\"" ':' "\":\""

%left OR
%left AND
%precedence NOT

%type <list> words loose value values strings
%type <word> target
%type <compare> compare
%type <line> setting action flags

%%

text:	%empty
	| text line
	;

line:	NL
	| statement NL
	| error NL		{ yyerrok; }
	;

statement:
	K_POLICY WORD_		{ stmt_policy(x, $2); }
	| K_PROGRAM words	{ stmt_program(x, $2); }
	| K_INCLUDE words	{ stmt_fetch(x, $2, FETCH_INCLUDE); }
	| K_PROMISE loose	{ stmt_fetch(x, $2, FETCH_PROMISE); }
	| K_USE loose		{ stmt_fetch(x, $2, FETCH_BLOCK); }
	| K_LET WORD_ '=' WORD_	{ stmt_let(x, $2, (struct word){ 0 }, $4); }
	| K_LET WORD_ ':' WORD_ '=' WORD_	{ stmt_let(x, $2, $4, $6); }
	| K_DEFAULT setting	{ stmt_setting(x, SETTING_DEFAULT, $1, $2.action, $2.err); }
	| K_UNKNOWN setting	{ stmt_setting(x, SETTING_UNKNOWN, $1, $2.action, $2.err); }
	| K_CHILDREN K_INHERIT	{ stmt_setting(x, SETTING_CHILDREN, $1, ACT_ALLOW, (struct word){ 0 }); }
	| K_CHILDREN K_DENY	{ stmt_setting(x, SETTING_CHILDREN, $1, ACT_DENY, (struct word){ 0 }); }
	| K_CHILDREN K_DENY ERRNO	{ stmt_setting(x, SETTING_CHILDREN, $1, ACT_DENY, $3); }
	| K_UNSAFE loose	{ stmt_unsafe(x, $2); }
	| K_GUARD WORD_ '{'	{ stmt_guard(x, $2); }
	| K_BLOCK WORD_ '{'	{ stmt_block(x, $2); }
	| K_PHASE WORD_ K_UNTIL until '{'	{ stmt_phase(x, $2); }
	| '}'			{ stmt_close(x, $1); }
	| action words words target when flags	{
		struct ruleline r = $1;

		r.rights = $2;
		r.objects = $3;
		r.target = $4;
		r.log = $6.log;
		r.quiet = $6.quiet;
		stmt_rule(x, r);
	}
	;

target:	%empty			{ $$ = (struct word){ 0 }; }
	| ARROW WORD_		{ $$ = $2; }
	;

until:	triggers
	| conditioned
	| triggers OR conditioned
	;

triggers:
	trigger
	| triggers OR trigger
	;

trigger:
	K_EXEC			{ stmt_trigger(x, TRIGGER_EXEC, $1, (struct wordlist){ 0 }); }
	| K_OPEN words		{ stmt_trigger(x, TRIGGER_OPEN, $1, $2); }
	| K_MARK WORD_		{ stmt_trigger(x, TRIGGER_MARK, $1, wordlist_one(x, $2)); }
	| K_AFTER WORD_		{ stmt_trigger(x, TRIGGER_TIME, $1, wordlist_one(x, $2)); }
	| WORD_			{ stmt_trigger(x, TRIGGER_CALL, $1, wordlist_one(x, $1)); }
	;

/* A condition goes on to the brace, so what has one stands last. */
conditioned:
	WORD_ K_IF cond		{ stmt_trigger(x, TRIGGER_CALL, $1, wordlist_one(x, $1)); }
	;

setting:
	action
	;

action:	K_ALLOW			{ $$ = (struct ruleline){ .head = $1, .action = ACT_ALLOW }; }
	| K_ASK			{ $$ = (struct ruleline){ .head = $1, .action = ACT_ASK }; }
	| K_TRAP		{ $$ = (struct ruleline){ .head = $1, .action = ACT_TRAP }; }
	| K_KILL		{ $$ = (struct ruleline){ .head = $1, .action = ACT_KILL }; }
	| K_DENY		{ $$ = (struct ruleline){ .head = $1, .action = ACT_DENY }; }
	| K_DENY ERRNO		{ $$ = (struct ruleline){ .head = $1, .action = ACT_DENY, .err = $2 }; }
	;

words:	WORD_			{ $$ = wordlist_one(x, $1); }
	| words ',' WORD_	{ $$ = wordlist_add(x, $1, $3, false); }
	;

loose:	WORD_			{ $$ = wordlist_one(x, $1); }
	| loose WORD_		{ $$ = wordlist_add(x, $1, $2, false); }
	| loose ',' WORD_	{ $$ = wordlist_add(x, $1, $3, false); }
	;

when:	%empty
	| K_IF cond
	;

flags:	%empty			{ $$ = (struct ruleline){ .log = false }; }
	| flags K_LOG		{ $$ = $1; $$.log = true; }
	| flags K_QUIET		{ $$ = $1; $$.quiet = true; }
	;

cond:	cond OR cond		{ stmt_test(x, COND_OR, $2, (struct wordlist){ 0 }, (struct wordlist){ 0 }); }
	| cond AND cond		{ stmt_test(x, COND_AND, $2, (struct wordlist){ 0 }, (struct wordlist){ 0 }); }
	| NOT cond		{ stmt_test(x, COND_NOT, $1, (struct wordlist){ 0 }, (struct wordlist){ 0 }); }
	| '(' cond ')'
	| WORD_ compare value	{ stmt_test(x, $2, $1, (struct wordlist){ 0 }, $3); }
	| WORD_ IN values	{ stmt_test(x, COND_IN, $1, (struct wordlist){ 0 }, $3); }
	| WORD_ '&' value EQ value	{ stmt_test(x, COND_EQ, $1, $3, $5); }
	| WORD_ '&' value NE value	{ stmt_test(x, COND_NE, $1, $3, $5); }
	| WORD_ IN strings	{ stmt_text_test(x, COND_IN, $1, $3); }
	| WORD_ EQ STRING	{ stmt_text_test(x, COND_EQ, $1, wordlist_one(x, $3)); }
	| WORD_ NE STRING	{ stmt_text_test(x, COND_NE, $1, wordlist_one(x, $3)); }
	| WORD_ STRING		{ stmt_text_test(x, COND_IN, $1, wordlist_one(x, $2)); }
	| WORD_ WORD_		{ stmt_text_test(x, COND_EQ, $1, wordlist_one(x, $2)); }
	;

strings:
	STRING			{ $$ = wordlist_one(x, $1); }
	| strings ',' STRING	{ $$ = wordlist_add(x, $1, $3, false); }
	;

compare:
	EQ			{ $$ = COND_EQ; }
	| NE			{ $$ = COND_NE; }
	| LT			{ $$ = COND_LT; }
	| LE			{ $$ = COND_LE; }
	| GT			{ $$ = COND_GT; }
	| GE			{ $$ = COND_GE; }
	| HAS			{ $$ = COND_HAS; }
	;

value:	WORD_			{ $$ = wordlist_one(x, $1); }
	| value '|' WORD_	{ $$ = wordlist_add(x, $1, $3, true); }
	;

values:	value
	| values ',' value	{ $$ = wordlist_join($1, $3); }
	;

%%

enum { MAX_EXPECTED = 6 };

/* "unexpected "x", expected "in" or "==""; a long list of what was expected says nothing. */
static int
yyreport_syntax_error(const yypcontext_t *c, void *scanner, struct parser *x)
{
	yysymbol_kind_t want[MAX_EXPECTED + 1] = { 0 };
	int n = yypcontext_expected_tokens(c, want, MAX_EXPECTED + 1);
	bool at_end = yypcontext_token(c) == YYSYMBOL_NL || yypcontext_token(c) == YYSYMBOL_YYEOF;
	const char *text = "";

	(void)scanner;
	for (int i = 0; i < n && n <= MAX_EXPECTED; i++)
		text = pool_printf(x->l->scratch, "%s%s%s", text, !i ? ", expected " : i + 1 < n ? ", " : " or ",
		    yysymbol_name(want[i]));
	if (at_end)
		syntax_error(x, x->last.p, "unexpected end of the line%s", text);
	else
		syntax_error(x, x->last.p, "unexpected \"%s\"%s", shown_word(x->l, x->last), text);
	return 0;
}

/* Bison's own complaints: its stack is full. */
static void
tgp_error(void *scanner, struct parser *x, const char *msg)
{
	(void)scanner;
	syntax_error(x, x->last.p, "%s", strcmp(msg, "memory exhausted") ? msg : "nested too deeply");
}

/* The scanner over a source, from its start; NULL when there is no memory. */
static void *
scan(struct parser *x, struct loader *l, struct source *src)
{
	*x = (struct parser){ .l = l, .src = src, .into = &src->lines, .guard = -1, .empty_line = true };
	x->tests_end = &x->tests;
	x->last = (struct word){ .p = src->text, .line = 1 };
	if (tgp_lex_init_extra(x, &x->scanner) != 0)
		return NULL;
	tgp__scan_bytes(src->text, (int)src->len, x->scanner);
	/* A reentrant scanner counts lines from 0 otherwise. */
	tgp_set_lineno(1, x->scanner);
	return x->scanner;
}

void
parse_source(struct loader *l, struct source *src)
{
	struct parser x;

	if (!scan(&x, l, src))
		return;
	tgp_parse(x.scanner, &x);
	tgp_lex_destroy(x.scanner);
	stmt_end(&x);
}

void
lex_source(struct loader *l, struct source *src, void (*each)(void *ctx, int token, struct word), void *ctx)
{
	struct parser x;
	TGP_STYPE value;
	int token;

	if (!scan(&x, l, src))
		return;
	while ((token = tgp_lex(&value, x.scanner)) != 0)
		each(ctx, token, value.word);
	tgp_lex_destroy(x.scanner);
}

/* SPDX-License-Identifier: ISC */
#include "tracer/registers.h"

#include <errno.h>
#include <string.h>

#include "tracer/pt.h"

int
registers_load(const struct arch *arch, pid_t tid, struct registers *r)
{
	int err;

	r->len = sizeof(r->bytes);
	err = pt_getregs(tid, r->bytes, &r->len);
	if (err)
		return err;
	r->set = arch_regset(arch, r->len);
	return r->set ? 0 : -EPROTO;
}

int
registers_store(pid_t tid, const struct registers *r)
{
	return pt_setregs(tid, r->bytes, r->len);
}

const size_t *
registers_args(const struct registers *r, uint32_t audit_arch)
{
	return r->set->other && r->set->other->audit_arch == audit_arch ? r->set->other->arg : r->set->arg;
}

uint64_t
registers_get(const struct registers *r, size_t offset)
{
	uint32_t narrow;
	uint64_t wide;

	if (r->set->width == sizeof(narrow)) {
		memcpy(&narrow, r->bytes + offset, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, r->bytes + offset, sizeof(wide));
	return wide;
}

void
registers_put(struct registers *r, size_t offset, int64_t value)
{
	int32_t narrow = (int32_t)value;

	if (r->set->width == sizeof(narrow))
		memcpy(r->bytes + offset, &narrow, sizeof(narrow));
	else
		memcpy(r->bytes + offset, &value, sizeof(value));
}

uint32_t
registers_code(const struct registers *r)
{
	const struct regset *set = r->set;

	return set->other && registers_get(r, set->mode) == set->other_mode ? set->other->audit_arch : set->audit_arch;
}

bool
registers_are_flat(const struct registers *r)
{
	const struct cradle *c = r->set->cradle;
	uint64_t segment = c ? registers_get(r, c->segment) & UINT16_MAX : 0;

	for (unsigned i = 0; segment && i < CRADLE_SEGMENTS; i++)
		if (c->flat[i] == segment)
			return true;
	return !c;
}

unsigned
registers_gate(const struct registers *r, unsigned gate_size)
{
	const struct regset *set = r->set;

	return set->long_gate && !(registers_get(r, set->state) & set->short_state) ? set->long_gate : gate_size;
}

int
registers_call(pid_t tid, struct registers *r, uint64_t nr)
{
	const uint32_t number = (uint32_t)nr;
	int err;

	if (!r->set->nr_set)
		registers_put(r, r->set->nr, (int64_t)nr);
	err = registers_store(tid, r);
	if (!err && r->set->nr_set)
		err = pt_setset(tid, r->set->nr_set, &number, sizeof(number));
	return err;
}

int
registers_skip(pid_t tid, struct registers *r, int64_t result)
{
	const struct regset *set = r->set;
	int err;

	if (!set->nr_set)
		registers_put(r, set->nr, set->skip_nr);
	registers_put(r, set->ret, result);
	err = registers_store(tid, r);
	if (!err && set->nr_set)
		err = pt_setset(tid, set->nr_set, &set->skip_nr, sizeof(set->skip_nr));
	return err;
}

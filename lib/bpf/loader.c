/* A linker for the one section of counter.bpf.o that has instructions. */
#include "loader.h"
#include <elf.h>
#include <errno.h>
#include "kernel.h"

#ifndef R_BPF_64_64
#define R_BPF_64_64 1
#endif

#define MAX_INSTRUCTIONS 4096

extern const unsigned char object[];
__asm__(".section .rodata\n"
	".balign 8\n"
	"object: .incbin \"counter.bpf.o\"\n"
	".previous\n");

char verifier_log[4096];

static const struct symbol *find_symbol(const struct symbol *symbols, const char *name)
{
	for (; symbols->name; symbols++)
		if (strcmp(symbols->name, name) == 0)
			return symbols;
	return NULL;
}

/* The section of a type, and for SHT_PROGBITS the one that has instructions in it. */
static const Elf64_Shdr *find_section(unsigned type)
{
	const Elf64_Ehdr *elf = (const void *)object;
	const Elf64_Shdr *section = (const void *)(object + elf->e_shoff);

	for (int nth = 0; nth < elf->e_shnum; nth++, section++)
		if (section->sh_type == type &&
		    (type != SHT_PROGBITS || (section->sh_flags & SHF_EXECINSTR && section->sh_size > 0)))
			return section;
	return NULL;
}

/* Puts the values of the symbols into the instructions that refer to them. */
static int link_program(struct bpf_insn *program, const struct symbol *symbols)
{
	const Elf64_Shdr *sections = (const void *)(object + ((const Elf64_Ehdr *)object)->e_shoff);
	const Elf64_Shdr *section = find_section(SHT_REL), *table = find_section(SHT_SYMTAB);
	const char *names = (const char *)object + sections[table->sh_link].sh_offset;
	const Elf64_Sym *all = (const void *)(object + table->sh_offset);
	const Elf64_Rel *relocations = (const void *)(object + section->sh_offset);

	for (unsigned nth = 0; nth < section->sh_size / sizeof(*relocations); nth++) {
		const Elf64_Rel *relocation = &relocations[nth];
		const char *name = names + all[ELF64_R_SYM(relocation->r_info)].st_name;
		const struct symbol *symbol = find_symbol(symbols, name);
		struct bpf_insn *instruction = program + relocation->r_offset / sizeof(*program);

		if (!symbol || ELF64_R_TYPE(relocation->r_info) != R_BPF_64_64) {
			errno = ENOEXEC;
			return -1;
		}
		instruction[0].src_reg = symbol->is_map ? BPF_PSEUDO_MAP_FD : 0;
		instruction[0].imm = (__s32)symbol->value;
		instruction[1].imm = symbol->is_map ? 0 : (__s32)(symbol->value >> 32);
	}
	return 0;
}

int load_program(const struct symbol *symbols)
{
	static struct bpf_insn program[MAX_INSTRUCTIONS];
	const Elf64_Shdr *code = find_section(SHT_PROGBITS);
	union bpf_attr attr = { 0 };
	int fd;

	if (code->sh_size > sizeof(program)) {
		errno = ENOEXEC;
		return -1;
	}
	memcpy(program, object + code->sh_offset, code->sh_size);
	if (link_program(program, symbols) < 0)
		return -1;
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	strcpy(attr.prog_name, "nstats");
	attr.insns = ADDRESS(program);
	attr.insn_cnt = code->sh_size / sizeof(*program);
	attr.license = ADDRESS("Apache-2.0");
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd >= 0 || errno == EPERM)
		return fd;
	/* Again, to hear why. */
	attr.log_level = 1;
	attr.log_buf = ADDRESS(verifier_log);
	attr.log_size = sizeof(verifier_log);
	return bpf(BPF_PROG_LOAD, &attr);
}

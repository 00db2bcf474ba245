/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subcommands share: one function each, exit statuses, and how to complain. */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

/* Exit statuses; a contract. */
enum {
	STATUS_OK = 0,
	STATUS_INPUT = 1, /* a capture cannot be read to its end, or a result cannot be written */
	STATUS_USAGE = 2, /* usage, configuration or plugin error */
};

/* argv[0] is the name of the subcommand. Each returns the exit status of the program. */
int replay_main(int argc, char **argv);
int watch_main(int argc, char **argv);
int explain_main(int argc, char **argv); /* has exit statuses of its own */
int show_main(int argc, char **argv);
int check_config_main(int argc, char **argv);
int helpers_main(int argc, char **argv);

/* Where the live firewall is built. looking_main() answers to several names. */
int run_main(int argc, char **argv);
int looking_main(int argc, char **argv);
int doctor_main(int argc, char **argv);
int flush_main(int argc, char **argv);

/* One line on standard error, behind "postern: ". What could move a cursor, in the name of a file
 * for instance, becomes question marks. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

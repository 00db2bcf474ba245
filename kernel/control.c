// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Questions over a local socket.
 *
 * Life of a client: accepted, its line is read, the answer is made at once and written as the
 * socket takes it, then it is closed. Nothing waits: all descriptors are non-blocking and in one
 * epoll set, whose descriptor is the one to poll.
 *
 * Limits: CONTROL_CLIENTS_MAX at a time, the longest served are let go for new ones; the length of
 * a line; CONTROL_PATIENCE. How long an answer may be is up to who makes it. One thread.
 */
#include "kernel/control.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
	int fd; /* -1: no client */
	bool root;
	uint64_t since;
	size_t n_line;
	char line[CONTROL_LINE_MAX];
	GString *answer; /* NULL: the question is not there yet */
	size_t sent;
};

struct control {
	struct control_options options;
	char *path;
	int listener;
	int epoll;
	struct client clients[CONTROL_CLIENTS_MAX];
};

static int
fill_address(const char *path, struct sockaddr_un *ret_address)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	*ret_address = address;
	return 0;
}

static void
let_go(struct client *client)
{
	if (client->fd < 0)
		return;
	close(client->fd);
	if (client->answer)
		g_string_free(client->answer, TRUE);
	*client = (struct client){ .fd = -1 };
}

/* Is somebody there? Then it is not ours to take. */
static bool
is_served(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool served = fd >= 0 && !connect(fd, (const struct sockaddr *)address, sizeof(*address));

	if (fd >= 0)
		close(fd);
	return served;
}

static int
listen_at(struct control *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	struct sockaddr_un address;
	mode_t mask;
	int r = fill_address(c->path, &address);

	if (r < 0)
		return r;
	if (is_served(&address))
		return -EADDRINUSE;
	unlink(c->path);
	c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->listener < 0 || c->epoll < 0)
		return -errno;
	mask = umask(0111); /* everybody may ask */
	r = bind(c->listener, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (r < 0 || listen(c->listener, CONTROL_CLIENTS_MAX) < 0 ||
		epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->listener, &event) < 0)
		return -errno;
	return 0;
}

int
control_new(const struct control_options *options, struct control **ret_control, char **ret_message)
{
	struct control *c = g_new0(struct control, 1);
	int r;

	c->options = *options;
	c->path = g_strdup(options->path);
	c->listener = c->epoll = -1;
	for (unsigned n = 0; n < CONTROL_CLIENTS_MAX; n++)
		c->clients[n].fd = -1;
	r = listen_at(c);
	if (r < 0) {
		*ret_message =
			r == -EADDRINUSE
				? g_strdup_printf("%s: postern is running already", c->path)
				: g_strdup_printf("%s: cannot listen: %s", c->path, g_strerror(-r));
		g_clear_pointer(&c->path, g_free); /* it is somebody else's */
		control_free(c);
		return r;
	}
	*ret_control = c;
	return 0;
}

void
control_free(struct control *c)
{
	if (!c)
		return;
	for (unsigned n = 0; n < CONTROL_CLIENTS_MAX; n++)
		let_go(&c->clients[n]);
	if (c->path)
		unlink(c->path);
	if (c->listener >= 0)
		close(c->listener);
	if (c->epoll >= 0)
		close(c->epoll);
	g_free(c->path);
	g_free(c);
}

int
control_fd(const struct control *c)
{
	return c->epoll;
}

/* A free place, or that of who has been here longest. */
static struct client *
make_place(struct control *c)
{
	struct client *oldest = &c->clients[0];

	for (unsigned n = 0; n < CONTROL_CLIENTS_MAX; n++) {
		struct client *client = &c->clients[n];

		if (client->fd < 0)
			return client;
		if (client->since < oldest->since)
			oldest = client;
	}
	let_go(oldest);
	return oldest;
}

static void
welcome(struct control *c, uint64_t now)
{
	struct ucred who = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(who);
	struct client *client;
	struct epoll_event event = { .events = EPOLLIN };
	int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	client = make_place(c);
	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len);
	*client = (struct client){
		.fd = fd,
		.since = now,
		.root = who.uid == 0 || who.uid == geteuid(),
	};
	event.data.ptr = client;
	if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		let_go(client);
}

/* True: there is a whole line, and the answer to it. */
static bool
listen_to(struct control *c, struct client *client)
{
	ssize_t n = recv(client->fd, client->line + client->n_line,
		sizeof(client->line) - 1 - client->n_line, 0);
	char *end;

	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			let_go(client);
		return false;
	}
	client->n_line += (size_t)n;
	client->line[client->n_line] = '\0';
	end = strchr(client->line, '\n');
	if (!end && client->n_line == sizeof(client->line) - 1)
		let_go(client);
	if (!end)
		return false;
	*end = '\0';
	client->answer = g_string_new(NULL);
	c->options.answer(c->options.context, client->line, client->root, client->answer);
	return true;
}

/* Writes what the socket takes; for the rest the socket will say when. */
static void
talk_to(struct control *c, struct client *client)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = client };
	ssize_t n;

	while (client->sent < client->answer->len) {
		n = send(client->fd, client->answer->str + client->sent,
			client->answer->len - client->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			(void)epoll_ctl(c->epoll, EPOLL_CTL_MOD, client->fd, &event);
			return;
		}
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			client->sent += (size_t)n;
	}
	let_go(client);
}

void
control_work(struct control *c, uint64_t now)
{
	struct epoll_event events[CONTROL_CLIENTS_MAX + 1];
	int n = epoll_wait(c->epoll, events, G_N_ELEMENTS(events), 0);

	for (int i = 0; i < n; i++) {
		struct client *client = events[i].data.ptr;

		if (!client)
			welcome(c, now);
		else if (client->fd >= 0 && (client->answer || listen_to(c, client)))
			talk_to(c, client);
	}
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct client *client = &c->clients[i];

		if (client->fd >= 0 &&
			now - client->since > CONTROL_PATIENCE * UINT64_C(1000000000))
			let_go(client);
	}
}

static int
ask(int fd, const struct sockaddr_un *address, const char *question, GString *answer)
{
	g_autofree char *line = g_strconcat(question, "\n", NULL);
	struct timeval patience = { .tv_sec = CONTROL_PATIENCE };
	char buffer[65536];
	ssize_t n;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		return -errno;
	while ((n = recv(fd, buffer, sizeof(buffer), 0)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			g_string_append_len(answer, buffer, n);
	}
	return 0;
}

int
control_ask(const char *path, const char *question, char **ret_answer, char **ret_message)
{
	GString *answer = g_string_new(NULL);
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -errno : fill_address(path, &address);

	if (r == 0)
		r = ask(fd, &address, question, answer);
	if (fd >= 0)
		close(fd);
	if (r < 0) {
		*ret_message = g_strdup_printf("%s: %s%s", path, g_strerror(-r),
			r == -ENOENT || r == -ECONNREFUSED ? "; `postern run` is not running" : "");
		g_string_free(answer, TRUE);
		return r;
	}
	*ret_answer = g_string_free(answer, FALSE);
	return 0;
}

#pragma once

#include <sys/un.h>

enum { SOCKET_PATH_SIZE = sizeof(((struct sockaddr_un *)0)->sun_path) };

/*
 * Connects to the engine as rpc/client.ts does: the same places in the same order, and the same trust in who answers.
 * named: --socket or TASKMASTER_SOCKET; NULL: the usual places. path: SOCKET_PATH_SIZE bytes, the place that answered.
 * Returns -1 if nobody answers, or if anything about it is for the other client to tell.
 */
int connect_to_engine(const char *named, char *path);

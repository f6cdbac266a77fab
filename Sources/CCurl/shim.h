// SPDX-License-Identifier: Apache-2.0

#pragma once
// The checks of argument types are macros for C compilers; the functions below have types of their own.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

// `curl_easy_setopt` and `curl_easy_getinfo` are variadic, which Swift cannot call: one function for each type.

typedef size_t (*ccurl_body)(char *bytes, size_t size, size_t count, void *context);
typedef int (*ccurl_seek)(void *context, curl_off_t offset, int origin);

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_body(CURL *easy, CURLoption option, ccurl_body value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_seek(CURL *easy, ccurl_seek value) {
    return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, value);
}

typedef int (*ccurl_before_request)(
    void *context, char *remote_address, char *local_address, int remote_port, int local_port);

static inline CURLcode ccurl_set_before_request(CURL *easy, ccurl_before_request value) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, value);
}

/// Looks at an address before a socket is opened for it; anything but 0 refuses it.
typedef int (*ccurl_before_connect)(void *context, const struct sockaddr *address, socklen_t size);

struct ccurl_gate {
    ccurl_before_connect decide;
    void *context;
};

static inline curl_socket_t ccurl_open_socket(void *gate, curlsocktype purpose, struct curl_sockaddr *address) {
    const struct ccurl_gate *given = (const struct ccurl_gate *)gate;
    (void)purpose;
    if (given->decide(given->context, &address->addr, address->addrlen) != 0) return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// The gate must live as long as the transfer.
static inline CURLcode ccurl_set_before_connect(CURL *easy, struct ccurl_gate *gate) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, gate);
    if (code != CURLE_OK) return code;
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, ccurl_open_socket);
}

static inline CURLcode ccurl_get_text(CURL *easy, CURLINFO info, char **value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode ccurl_get_pointer(CURL *easy, CURLINFO info, void **value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode ccurl_message_result(const CURLMsg *message) { return message->data.result; }

// Macros of casts, which Swift does not import.
static const long ccurl_global_default = CURL_GLOBAL_DEFAULT;
static const size_t ccurl_read_abort = CURL_READFUNC_ABORT;

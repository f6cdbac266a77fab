#pragma once
#include <curl/curl.h>

// curl_easy_setopt and its kin are variadic, which Swift does not call: one typed wrapper for each kind of argument.
static inline CURLcode us_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode us_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode us_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode us_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode us_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}
typedef size_t (*us_data_callback)(char *data, size_t size, size_t count, void *context);
static inline CURLcode us_set_callback(CURL *handle, CURLoption option, us_data_callback value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode us_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
#include <malloc.h>

// Macros that Swift does not import.
static const int us_error_again = AVERROR(EAGAIN);
static const int us_error_eof = AVERROR_EOF;
static const int us_error_invalid_data = AVERROR_INVALIDDATA;
static const int us_error_no_space = AVERROR(ENOSPC);
static const int us_error_no_entry = AVERROR(ENOENT);
static const int us_error_no_memory = AVERROR(ENOMEM);
static const int us_error_access = AVERROR(EACCES);
static const int us_error_read_only = AVERROR(EROFS);
static const int us_error_invalid_argument = AVERROR(EINVAL);
static const int us_error_not_permitted = AVERROR(EPERM);
static const int us_error_is_folder = AVERROR(EISDIR);
static const int us_error_not_folder = AVERROR(ENOTDIR);
static const int us_error_name_too_long = AVERROR(ENAMETOOLONG);
static const int us_error_too_many_files = AVERROR(EMFILE);
static const int us_error_quota = AVERROR(EDQUOT);
static const int us_error_file_too_big = AVERROR(EFBIG);
static const int64_t us_no_pts = AV_NOPTS_VALUE;
static const int us_input_padding = AV_INPUT_BUFFER_PADDING_SIZE;

static inline AVChannelLayout us_stereo(void) {
    AVChannelLayout layout = AV_CHANNEL_LAYOUT_STEREO;
    return layout;
}

static const int us_error_exit = AVERROR_EXIT;

/// What the pictures of all decoders of one file may take together. Lives as long as the last picture that counts.
typedef struct us_picture_budget {
    int64_t limit;
    int64_t used;
    int exceeded;
} us_picture_budget;

/// One picture's share of a budget, and the memory it stands for.
typedef struct us_picture_share {
    AVBufferRef *memory;
    AVBufferRef *budget;
    int64_t size;
} us_picture_share;

static inline AVBufferRef *us_make_picture_budget(int64_t limit) {
    AVBufferRef *budget = av_buffer_allocz(sizeof(us_picture_budget));
    if (budget) ((us_picture_budget *)budget->data)->limit = limit;
    return budget;
}

static inline int us_picture_budget_is_exceeded(AVBufferRef *budget) {
    return __atomic_load_n(&((us_picture_budget *)budget->data)->exceeded, __ATOMIC_RELAXED);
}

static inline void us_free_picture_share(void *opaque, uint8_t *data) {
    us_picture_share *share = (us_picture_share *)opaque;
    (void)data;
    __atomic_sub_fetch(&((us_picture_budget *)share->budget->data)->used, share->size, __ATOMIC_RELAXED);
    av_buffer_unref(&share->memory);
    av_buffer_unref(&share->budget);
    av_free(share);
}

/// AVCodecContext.get_buffer2: libavcodec's own, for as long as the budget lasts. Called by the decoder's threads too.
static inline int us_get_picture(AVCodecContext *context, AVFrame *frame, int flags) {
    AVBufferRef *budget = (AVBufferRef *)context->opaque;
    us_picture_budget *counts = (us_picture_budget *)budget->data;
    int64_t size = av_image_get_buffer_size((enum AVPixelFormat)frame->format, frame->width, frame->height, 1);
    us_picture_share *share;
    AVBufferRef *counted;
    int code;
    if (size < 0) size = 0;
    if (__atomic_add_fetch(&counts->used, size, __ATOMIC_RELAXED) > counts->limit) {
        __atomic_sub_fetch(&counts->used, size, __ATOMIC_RELAXED);
        __atomic_store_n(&counts->exceeded, 1, __ATOMIC_RELAXED);
        return AVERROR(ENOMEM);
    }
    code = avcodec_default_get_buffer2(context, frame, flags);
    share = code < 0 ? NULL : (us_picture_share *)av_mallocz(sizeof(us_picture_share));
    if (!share || !(share->budget = av_buffer_ref(budget))) {
        if (share) av_free(share);
        if (code >= 0) av_frame_unref(frame);
        __atomic_sub_fetch(&counts->used, size, __ATOMIC_RELAXED);
        return code < 0 ? code : AVERROR(ENOMEM);
    }
    share->memory = frame->buf[0];
    share->size = size;
    counted = av_buffer_create(frame->buf[0]->data, frame->buf[0]->size, us_free_picture_share, share, 0);
    frame->buf[0] = counted;
    if (counted) return code;
    us_free_picture_share(share, NULL);
    av_frame_unref(frame);
    return AVERROR(ENOMEM);
}

/// Lets a decoder, not yet open, take its pictures from a budget, which must outlive it.
static inline void us_set_picture_budget(AVCodecContext *context, AVBufferRef *budget) {
    context->opaque = budget;
    context->get_buffer2 = us_get_picture;
#if LIBAVCODEC_VERSION_MAJOR < 60
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wdeprecated-declarations\"")
    context->thread_safe_callbacks = 1;
    _Pragma("GCC diagnostic pop")
#endif
}

/// Gives memory that was freed back to the system.
static inline void us_release_freed_memory(void) { malloc_trim(0); }

// FFmpeg 6.1 moved these from fields of a frame to its flags.
static inline int us_is_interlaced(const AVFrame *frame) {
#ifdef AV_FRAME_FLAG_INTERLACED
    return (frame->flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
    return frame->interlaced_frame;
#endif
}

static inline int us_is_top_field_first(const AVFrame *frame) {
#ifdef AV_FRAME_FLAG_TOP_FIELD_FIRST
    return (frame->flags & AV_FRAME_FLAG_TOP_FIELD_FIRST) != 0;
#else
    return frame->top_field_first;
#endif
}

static inline void us_set_progressive(AVFrame *frame) {
#ifdef AV_FRAME_FLAG_INTERLACED
    frame->flags &= ~(AV_FRAME_FLAG_INTERLACED | AV_FRAME_FLAG_TOP_FIELD_FIRST);
#else
    frame->interlaced_frame = 0;
    frame->top_field_first = 0;
#endif
}

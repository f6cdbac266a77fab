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

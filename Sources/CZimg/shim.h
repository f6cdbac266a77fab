// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <stdint.h>
#include <zimg.h>

/// Converts pictures of 4:4:4, 16 bits, to 4:2:0, 8 bits; both YCbCr of BT.709's matrix and limited range. The numbers of primaries and
/// transfer are those of ITU-T H.273. NULL where there is no such conversion.
static inline zimg_filter_graph *us_make_primaries_conversion(unsigned width, unsigned height, int primaries, int transfer) {
    zimg_image_format source, target;
    zimg_graph_builder_params parameters;
    zimg_image_format_default(&source, ZIMG_API_VERSION);
    source.width = width;
    source.height = height;
    source.pixel_type = ZIMG_PIXEL_WORD;
    source.depth = 16;
    source.color_family = ZIMG_COLOR_YUV;
    source.pixel_range = ZIMG_RANGE_LIMITED;
    source.matrix_coefficients = ZIMG_MATRIX_BT709;
    target = source;
    source.color_primaries = (zimg_color_primaries_e)primaries;
    source.transfer_characteristics = (zimg_transfer_characteristics_e)transfer;
    target.pixel_type = ZIMG_PIXEL_BYTE;
    target.depth = 8;
    target.subsample_w = 1;
    target.subsample_h = 1;
    target.chroma_location = ZIMG_CHROMA_LEFT;
    target.color_primaries = ZIMG_PRIMARIES_BT709;
    target.transfer_characteristics = ZIMG_TRANSFER_BT709;
    zimg_graph_builder_params_default(&parameters, ZIMG_API_VERSION);
    return zimg_filter_graph_build(&source, &target, &parameters);
}

/// Bytes that a conversion needs while it runs; 0 where it does not say.
static inline size_t us_conversion_memory(const zimg_filter_graph *graph) {
    size_t size = 0;
    return zimg_filter_graph_get_tmp_size(graph, &size) == ZIMG_ERROR_SUCCESS ? size : 0;
}

/// Converts one picture; planes, strides and memory are aligned as the processor likes it, 32 bytes at least. 0 on success.
static inline int us_convert_primaries(
    const zimg_filter_graph *graph, uint8_t *const *from, const int *from_strides, uint8_t *const *to, const int *to_strides,
    void *memory
) {
    zimg_image_buffer_const source = {ZIMG_API_VERSION};
    zimg_image_buffer target = {ZIMG_API_VERSION};
    for (int plane = 0; plane < 3; plane++) {
        source.plane[plane].data = from[plane];
        source.plane[plane].stride = from_strides[plane];
        source.plane[plane].mask = ZIMG_BUFFER_MAX;
        target.plane[plane].data = to[plane];
        target.plane[plane].stride = to_strides[plane];
        target.plane[plane].mask = ZIMG_BUFFER_MAX;
    }
    return zimg_filter_graph_process(graph, &source, &target, memory, 0, 0, 0, 0);
}

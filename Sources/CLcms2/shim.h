// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <lcms2.h>

// Macros that Swift does not import.
static const cmsUInt32Number us_rgba_8 = TYPE_RGBA_8;
static const cmsUInt32Number us_gray_8 = TYPE_GRAY_8;
static const cmsUInt32Number us_conversion_flags = cmsFLAGS_COPY_ALPHA | cmsFLAGS_BLACKPOINTCOMPENSATION;

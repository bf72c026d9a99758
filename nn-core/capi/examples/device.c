// A device that encrypts an image as its rows arrive, and lets a network run on them without ever holding an image in the clear.
//
// `scene.h` has what a device gets from elsewhere: keys, weights, and here also the image and the seed.

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "more_nn.h"
#include "scene.h"

static const MoreLayer layers[] = {
    {MORE_LAYER_KIND_CONV2D, 5, 3, 1},
    {MORE_LAYER_KIND_SIGMOID, 0, 0, 0},
    {MORE_LAYER_KIND_AVG_POOL2D, 0, 2, 0},
    {MORE_LAYER_KIND_CONV2D, 18, 2, 2},
    {MORE_LAYER_KIND_TANH, 0, 0, 0},
    {MORE_LAYER_KIND_DENSE, 10, 0, 0},
};

static const MoreNetwork network = {1, SCENE_ROWS, SCENE_COLUMNS, layers, sizeof layers / sizeof layers[0]};

static MoreKey key;
static MoreGenerator generator;
static MoreStream stream;
static MoreCell memory[SCENE_STREAM_MEMORY];
static MoreCell row[SCENE_COLUMNS];
static MoreCell image[SCENE_ROWS * SCENE_COLUMNS];
static MoreCell scratch[SCENE_SCRATCH];
static MoreCell output[SCENE_OUTPUTS];
static float plain_scratch[SCENE_SCRATCH];
static float result[SCENE_OUTPUTS];

static int failed(const char *what, MoreStatus status) {
  if (status == MORE_STATUS_OK) {
    return 0;
  }
  printf("%s: status %" PRId32 "\n", what, (int32_t)status);
  return 1;
}

static void print_bits(const char *what, const float *values, size_t count) {
  for (size_t index = 0; index < count; index++) {
    uint32_t bits;
    memcpy(&bits, &values[index], sizeof bits);
    printf("%s %08" PRIx32 "\n", what, bits);
  }
}

// Encrypts and streams row by row.
static int stream_image(void) {
  if (failed("seed", more_generator_seed(&generator, scene_seed, sizeof scene_seed)) ||
      failed("start", more_stream_start_encrypted(&stream, &network, scene_weights, SCENE_PARAMETERS, memory,
                                                  SCENE_STREAM_MEMORY))) {
    return 1;
  }
  for (int at = 0; at < SCENE_ROWS; at++) {
    const float *pixels = &scene_image[at * SCENE_COLUMNS];
    if (failed("encrypt", more_encrypt(&key, &generator, 0.0F, 1.0F, pixels, SCENE_COLUMNS, row, SCENE_COLUMNS)) ||
        failed("row", more_stream_push_row_encrypted(&stream, row, SCENE_COLUMNS))) {
      return 1;
    }
  }
  if (failed("output", more_stream_output_encrypted(&stream, output, SCENE_OUTPUTS))) {
    return 1;
  }
  print_bits("stream", output[0].lanes, MORE_LANES * SCENE_OUTPUTS);
  return 0;
}

// The same with the whole image in memory, and the answer decrypted.
static int whole_image(void) {
  if (failed("seed", more_generator_seed(&generator, scene_seed, sizeof scene_seed)) ||
      failed("encrypt", more_encrypt(&key, &generator, 0.0F, 1.0F, scene_image, SCENE_ROWS * SCENE_COLUMNS, image,
                                     SCENE_ROWS * SCENE_COLUMNS)) ||
      failed("infer", more_infer_encrypted(&network, scene_weights, SCENE_PARAMETERS, image,
                                           SCENE_ROWS * SCENE_COLUMNS, scratch, SCENE_SCRATCH, output,
                                           SCENE_OUTPUTS))) {
    return 1;
  }
  print_bits("whole", output[0].lanes, MORE_LANES * SCENE_OUTPUTS);
  if (failed("decrypt", more_decrypt(&key, output, SCENE_OUTPUTS, result, SCENE_OUTPUTS))) {
    return 1;
  }
  print_bits("decrypted", result, SCENE_OUTPUTS);
  return 0;
}

// Not encrypted at all.
static int plain_image(void) {
  if (failed("infer", more_infer_plain(&network, scene_weights, SCENE_PARAMETERS, scene_image,
                                       SCENE_ROWS * SCENE_COLUMNS, plain_scratch, SCENE_SCRATCH, result,
                                       SCENE_OUTPUTS))) {
    return 1;
  }
  print_bits("plain", result, SCENE_OUTPUTS);
  return 0;
}

int main(void) {
  if (more_interface_version() != MORE_INTERFACE_VERSION) {
    puts("the library is of another version than the header");
    return 1;
  }
  if (failed("key", more_key_load(&key, scene_secret_key, sizeof scene_secret_key, scene_evaluation_key,
                                  sizeof scene_evaluation_key))) {
    return 1;
  }
  const int result = stream_image() || whole_image() || plain_image();
  more_generator_erase(&generator);
  more_key_erase(&key);
  return result;
}

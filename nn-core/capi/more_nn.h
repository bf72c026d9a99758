// The C interface of the MORE encoding and of neural networks on encoded numbers.
//
// Generated from the Rust sources in nn-core/capi: change those, not this file.
//
// MORE over the real numbers keeps nothing confidential from a party that holds ciphertexts and cares to look; read
// docs/security.md before relying on it.

#ifndef MORE_NN_H
#define MORE_NN_H

#include <stddef.h>
#include <stdint.h>

// The version of this interface: it changes whenever a program must be compiled anew against the header.
#define MORE_INTERFACE_VERSION 1

// Lanes of an encrypted number.
#define MORE_LANES 2

// Words of 64 bits of a `MoreKey`.
#define MORE_KEY_WORDS 16

// The most layers of a network: their descriptions are put on the stack, 512 bytes of a 32-bit machine.
#define MORE_MAX_LAYERS 32

// What became of a call. After all but `MORE_STATUS_OK` no buffer holds a result: it is as it was, or zeroed where that is said.
enum MoreStatus
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // All is well.
  MORE_STATUS_OK = 0,
  // A pointer is null.
  MORE_STATUS_NULL = 1,
  // A pointer is not aligned for what it points to.
  MORE_STATUS_ALIGNMENT = 2,
  // A buffer that is written to overlaps another.
  MORE_STATUS_OVERLAP = 3,
  // A key, generator or stream that was not loaded, seeded or started, or has been erased.
  MORE_STATUS_NOT_INITIALISED = 4,
  // Numbers of elements that do not fit each other, or beyond all memory.
  MORE_STATUS_LENGTH = 5,
  // A layer of a kind that there is not.
  MORE_STATUS_LAYER_KIND = 10,
  // More layers than `MORE_MAX_LAYERS`.
  MORE_STATUS_TOO_MANY_LAYERS = 11,
  // The network has no layer.
  MORE_STATUS_NO_LAYER = 12,
  // A layer or the input has a size, stride or count of zero.
  MORE_STATUS_ZERO_SIZE = 13,
  // A window is larger than the feature map that it slides over.
  MORE_STATUS_WINDOW_TOO_LARGE = 14,
  // A size of the network does not fit this machine's word.
  MORE_STATUS_TOO_LARGE = 15,
  // The network has another number of parameters.
  MORE_STATUS_WEIGHTS = 20,
  // The network takes another number of input elements.
  MORE_STATUS_INPUT = 21,
  // The network has another number of outputs.
  MORE_STATUS_OUTPUT = 22,
  // The scratch is too small.
  MORE_STATUS_SCRATCH = 23,
  // The memory of the stream is too small.
  MORE_STATUS_MEMORY = 24,
  // A row has another number of elements.
  MORE_STATUS_ROW = 25,
  // The image has all its rows already.
  MORE_STATUS_IMAGE_COMPLETE = 26,
  // Rows of the image are missing yet.
  MORE_STATUS_IMAGE_INCOMPLETE = 27,
  // The stream is one of the other kind of elements: plain or encrypted.
  MORE_STATUS_WRONG_ELEMENTS = 28,
  // Bytes that are no encoding of what was asked for: damaged, cut off, of another kind, scalar, number of lanes or version.
  MORE_STATUS_ENCODING = 30,
  // Bytes that belong to another key.
  MORE_STATUS_WRONG_KEY = 31,
  // The key's condition number is out of range.
  MORE_STATUS_CONDITION = 32,
  // An infinity or NaN among the inputs or in the result.
  MORE_STATUS_NON_FINITE = 33,
  // The range of the masks is empty or not finite, or there are too few.
  MORE_STATUS_MASKS = 34,
  // The buffer for an encoding is too small.
  MORE_STATUS_BUFFER_TOO_SMALL = 35,
  // An error that this version of the interface has no name for.
  MORE_STATUS_OTHER = 99,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum MoreStatus MoreStatus;
#else
typedef int32_t MoreStatus;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The kinds of layers. Dropout is none of them: it does nothing in inference.
enum MoreLayerKind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Cross-correlation without padding: `outputs` filters of `size` rows and columns, `stride` apart.
  MORE_LAYER_KIND_CONV2D = 1,
  // The mean of disjoint windows of `size` rows and columns.
  MORE_LAYER_KIND_AVG_POOL2D = 2,
  // `outputs` weighted sums of all inputs.
  MORE_LAYER_KIND_DENSE = 3,
  // `1 / (1 + exp(-x))`.
  MORE_LAYER_KIND_SIGMOID = 4,
  // The hyperbolic tangent.
  MORE_LAYER_KIND_TANH = 5,
  // `max(x, 0)`.
  MORE_LAYER_KIND_RELU = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum MoreLayerKind MoreLayerKind;
#else
typedef uint32_t MoreLayerKind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// A secret key with the evaluation key that orders its lanes. 128 bytes that are the library's: they hold the secret.
typedef struct MoreKey {
  // The library's; zeros are a key that is not loaded.
  uint64_t storage[MORE_KEY_WORDS];
} MoreKey;

// A generator of masks: ChaCha20 from a seed, the same numbers on every machine. Fields are the library's.
typedef struct MoreGenerator {
  // The seed.
  uint8_t seed[32];
  // Words of 32 bits that were drawn.
  uint64_t position;
  // Whether there is one.
  uint64_t state;
} MoreGenerator;

// An encrypted number in spectral form: one lane is the message, the other a mask.
typedef struct MoreCell {
  // The lanes, in the order of the evaluation key.
  float lanes[MORE_LANES];
} MoreCell;

// A layer. Fields that its kind has no use for are ignored.
typedef struct MoreLayer {
  // A `MoreLayerKind`.
  uint32_t kind;
  // Filters or outputs.
  uint32_t outputs;
  // Rows and columns of a window.
  uint32_t size;
  // Distance of neighbouring windows of a convolution.
  uint32_t stride;
} MoreLayer;

// A network: the shape of its input and its layers, without weights. A constant, in flash.
typedef struct MoreNetwork {
  // Channels of the input.
  size_t channels;
  // Rows of the input.
  size_t height;
  // Columns of the input.
  size_t width;
  // The layers.
  const struct MoreLayer *layers;
  // How many there are.
  size_t layer_count;
} MoreNetwork;

// What a network needs, in elements (`float` or `MoreCell`).
typedef struct MoreNetworkSizes {
  // Weights and biases, in the order of the kernels (`more-nn export` writes them so).
  size_t parameters;
  // The input image, `[channel][row][column]`.
  size_t input;
  // One row of it, `[channel][column]`.
  size_t row;
  // The output.
  size_t outputs;
  // Scratch of the `more_infer` functions, at least.
  size_t scratch;
  // Memory of a `MoreStream`, at least.
  size_t stream_memory;
} MoreNetworkSizes;

// A network on an image that comes row by row: line buffers instead of feature maps, the same bits as the `more_infer` functions. Fields
// are the library's. It keeps the pointers to layers, weights and memory that it was started with.
typedef struct MoreStream {
  // The network; its layers stay where they are.
  struct MoreNetwork network;
  // Its parameters.
  const void *weights;
  // How many there are.
  size_t weight_count;
  // Line buffers and output.
  void *memory;
  // Elements of it.
  size_t memory_count;
  // Rows that have come.
  size_t received;
  // Which elements it takes; 0 before it is started.
  uint32_t elements;
  // Takes a row.
  MoreStatus (*push_row)(struct MoreStream *stream, const void *row, size_t count);
  // Copies the output.
  MoreStatus (*output)(const struct MoreStream *stream, void *output, size_t count);
} MoreStream;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The `MORE_INTERFACE_VERSION` that the library was built with, to be compared with the header's.
uint32_t more_interface_version(void);

// Encrypts messages, an image, a row or any other run of them, with independent masks that are uniform between `mask_low` and
// `mask_high`. Such masks on images tell which lane is the message: see `docs/security.md`, and `more_encrypt_with_masks`.
//
// `out_count` is `count`. After an error `out` holds zeros, unless it was refused itself.
//
// # Safety
//
// Pointers that are not refused point to as many elements as said; the key is zeroed, loaded or erased.
MoreStatus more_encrypt(const struct MoreKey *key,
                        struct MoreGenerator *generator,
                        float mask_low,
                        float mask_high,
                        const float *messages,
                        size_t count,
                        struct MoreCell *out,
                        size_t out_count);

// Encrypts messages with masks that the caller supplies, one for each message: pixels of a public image that looks like the ones
// that are encrypted, say.
//
// `mask_count` and `out_count` are `count`. After an error `out` holds zeros, unless it was refused itself.
//
// # Safety
//
// As of `more_encrypt`.
MoreStatus more_encrypt_with_masks(const struct MoreKey *key,
                                   const float *messages,
                                   size_t count,
                                   const float *masks,
                                   size_t mask_count,
                                   struct MoreCell *out,
                                   size_t out_count);

// Decrypts elements, such as the outputs of a network. `out_count` is `count`; after an error `out` holds zeros, unless it was refused
// itself.
//
// # Safety
//
// As of `more_encrypt`.
MoreStatus more_decrypt(const struct MoreKey *key,
                        const struct MoreCell *elements,
                        size_t count,
                        float *out,
                        size_t out_count);

// Seeds a generator with 32 bytes of a hardware source of random numbers. Seed once after each reset, never twice with the same
// bytes: the masks would be the same too. Whoever knows the seed knows every mask.
//
// # Safety
//
// Pointers that are not refused point to as many elements as said.
MoreStatus more_generator_seed(struct MoreGenerator *generator,
                               const uint8_t *seed,
                               size_t seed_bytes);

// Overwrites the seed.
//
// # Safety
//
// As of `more_generator_seed`.
MoreStatus more_generator_erase(struct MoreGenerator *generator);

// The network's output for a plain image, with weights in `float`.
//
// Counts as `more_network_sizes` says: of the scratch at least, of all others exactly. Outputs of a network that ends with a sigmoid
// are probabilities, of others logits.
//
// # Safety
//
// Pointers that are not refused, those in the network too, point to as many elements as said.
MoreStatus more_infer_plain(const struct MoreNetwork *network,
                            const float *weights,
                            size_t weight_count,
                            const float *input,
                            size_t input_count,
                            float *scratch,
                            size_t scratch_count,
                            float *output,
                            size_t output_count);

// The network's output for a plain image, with weights in half precision (IEEE 754 binary16, finite).
//
// As `more_infer_plain`.
//
// # Safety
//
// As of `more_infer_plain`.
MoreStatus more_infer_plain_f16(const struct MoreNetwork *network,
                                const uint16_t *weights,
                                size_t weight_count,
                                const float *input,
                                size_t input_count,
                                float *scratch,
                                size_t scratch_count,
                                float *output,
                                size_t output_count);

// The network's output for a plain image, with weights in 8 bits (E4M3, finite).
//
// As `more_infer_plain`.
//
// # Safety
//
// As of `more_infer_plain`.
MoreStatus more_infer_plain_f8(const struct MoreNetwork *network,
                               const uint8_t *weights,
                               size_t weight_count,
                               const float *input,
                               size_t input_count,
                               float *scratch,
                               size_t scratch_count,
                               float *output,
                               size_t output_count);

// The network's output for an encrypted image, with plain weights in `float`.
//
// As `more_infer_plain`.
//
// # Safety
//
// As of `more_infer_plain`.
MoreStatus more_infer_encrypted(const struct MoreNetwork *network,
                                const float *weights,
                                size_t weight_count,
                                const struct MoreCell *input,
                                size_t input_count,
                                struct MoreCell *scratch,
                                size_t scratch_count,
                                struct MoreCell *output,
                                size_t output_count);

// The network's output for an encrypted image, with plain weights in half precision (IEEE 754 binary16, finite).
//
// As `more_infer_plain`.
//
// # Safety
//
// As of `more_infer_plain`.
MoreStatus more_infer_encrypted_f16(const struct MoreNetwork *network,
                                    const uint16_t *weights,
                                    size_t weight_count,
                                    const struct MoreCell *input,
                                    size_t input_count,
                                    struct MoreCell *scratch,
                                    size_t scratch_count,
                                    struct MoreCell *output,
                                    size_t output_count);

// The network's output for an encrypted image, with plain weights in 8 bits (E4M3, finite).
//
// As `more_infer_plain`.
//
// # Safety
//
// As of `more_infer_plain`.
MoreStatus more_infer_encrypted_f8(const struct MoreNetwork *network,
                                   const uint8_t *weights,
                                   size_t weight_count,
                                   const struct MoreCell *input,
                                   size_t input_count,
                                   struct MoreCell *scratch,
                                   size_t scratch_count,
                                   struct MoreCell *output,
                                   size_t output_count);

// The network's output for an encrypted image, with weights that are encrypted under the same key, their lanes in the same order.
//
// As `more_infer_plain`.
//
// # Safety
//
// As of `more_infer_plain`.
MoreStatus more_infer_encrypted_with_encrypted(const struct MoreNetwork *network,
                                               const struct MoreCell *weights,
                                               size_t weight_count,
                                               const struct MoreCell *input,
                                               size_t input_count,
                                               struct MoreCell *scratch,
                                               size_t scratch_count,
                                               struct MoreCell *output,
                                               size_t output_count);

// Loads a key from the bytes that `SecretKey::encode` and `EvaluationKey::encode` write (`docs/formats.md`). A key that was there
// before is forgotten without being erased. The storage may be copied; each copy has to be erased.
//
// # Safety
//
// Pointers that are not refused point to as many elements as said.
MoreStatus more_key_load(struct MoreKey *key,
                         const uint8_t *secret,
                         size_t secret_bytes,
                         const uint8_t *evaluation,
                         size_t evaluation_bytes);

// Overwrites a key with zeros. One that is not loaded is left as it is.
//
// # Safety
//
// As of `more_key_load`; the storage is zeroed, loaded or erased.
MoreStatus more_key_erase(struct MoreKey *key);

// Checks a network and says what it needs.
//
// # Safety
//
// Pointers that are not refused, those in the network too, point to as many elements as said.
MoreStatus more_network_sizes(const struct MoreNetwork *network, struct MoreNetworkSizes *sizes);

// Starts a stream of a plain image, with weights in `float`.
//
// Counts as `more_network_sizes` says: of the memory at least, of the weights exactly. The layers, the weights and the memory have
// to stay where they are while the stream is in use; the memory is the stream's alone.
//
// # Safety
//
// Pointers that are not refused, those in the network too, point to as many elements as said, and what they point to
// stays as said above.
MoreStatus more_stream_start_plain(struct MoreStream *stream,
                                   const struct MoreNetwork *network,
                                   const float *weights,
                                   size_t weight_count,
                                   float *memory,
                                   size_t memory_count);

// Starts a stream of a plain image, with weights in half precision (IEEE 754 binary16, finite).
//
// As `more_stream_start_plain`.
//
// # Safety
//
// As of `more_stream_start_plain`.
MoreStatus more_stream_start_plain_f16(struct MoreStream *stream,
                                       const struct MoreNetwork *network,
                                       const uint16_t *weights,
                                       size_t weight_count,
                                       float *memory,
                                       size_t memory_count);

// Starts a stream of a plain image, with weights in 8 bits (E4M3, finite).
//
// As `more_stream_start_plain`.
//
// # Safety
//
// As of `more_stream_start_plain`.
MoreStatus more_stream_start_plain_f8(struct MoreStream *stream,
                                      const struct MoreNetwork *network,
                                      const uint8_t *weights,
                                      size_t weight_count,
                                      float *memory,
                                      size_t memory_count);

// Starts a stream of an encrypted image, with plain weights in `float`.
//
// As `more_stream_start_plain`.
//
// # Safety
//
// As of `more_stream_start_plain`.
MoreStatus more_stream_start_encrypted(struct MoreStream *stream,
                                       const struct MoreNetwork *network,
                                       const float *weights,
                                       size_t weight_count,
                                       struct MoreCell *memory,
                                       size_t memory_count);

// Starts a stream of an encrypted image, with plain weights in half precision (IEEE 754 binary16, finite).
//
// As `more_stream_start_plain`.
//
// # Safety
//
// As of `more_stream_start_plain`.
MoreStatus more_stream_start_encrypted_f16(struct MoreStream *stream,
                                           const struct MoreNetwork *network,
                                           const uint16_t *weights,
                                           size_t weight_count,
                                           struct MoreCell *memory,
                                           size_t memory_count);

// Starts a stream of an encrypted image, with plain weights in 8 bits (E4M3, finite).
//
// As `more_stream_start_plain`.
//
// # Safety
//
// As of `more_stream_start_plain`.
MoreStatus more_stream_start_encrypted_f8(struct MoreStream *stream,
                                          const struct MoreNetwork *network,
                                          const uint8_t *weights,
                                          size_t weight_count,
                                          struct MoreCell *memory,
                                          size_t memory_count);

// Starts a stream of an encrypted image, with weights that are encrypted under the same key, their lanes in the same order.
//
// As `more_stream_start_plain`.
//
// # Safety
//
// As of `more_stream_start_plain`.
MoreStatus more_stream_start_encrypted_with_encrypted(struct MoreStream *stream,
                                                      const struct MoreNetwork *network,
                                                      const struct MoreCell *weights,
                                                      size_t weight_count,
                                                      struct MoreCell *memory,
                                                      size_t memory_count);

// Takes the next row of a plain image, `[channel][column]`, and computes all that it completes. After an error the stream goes on with
// the row that it waits for.
//
// # Safety
//
// Pointers that are not refused point to as many elements as said; the stream is zeroed or was started, and what it was started with
// is as it was.
MoreStatus more_stream_push_row_plain(struct MoreStream *stream,
                                      const float *row,
                                      size_t count);

// Takes the next row of an encrypted image; otherwise as `more_stream_push_row_plain`.
//
// # Safety
//
// As of `more_stream_push_row_plain`.
MoreStatus more_stream_push_row_encrypted(struct MoreStream *stream,
                                          const struct MoreCell *row,
                                          size_t count);

// The network's output for a plain image, once all its rows have come.
//
// # Safety
//
// As of `more_stream_push_row_plain`.
MoreStatus more_stream_output_plain(const struct MoreStream *stream, float *to, size_t count);

// The network's output for an encrypted image, once all its rows have come.
//
// # Safety
//
// As of `more_stream_push_row_plain`.
MoreStatus more_stream_output_encrypted(const struct MoreStream *stream, struct MoreCell *to, size_t count);

// Rows of the image that have not come yet.
//
// # Safety
//
// As of `more_stream_push_row_plain`.
MoreStatus more_stream_missing_rows(const struct MoreStream *stream, size_t *rows);

// Begins a new image, whether or not the one at hand is complete.
//
// # Safety
//
// As of `more_stream_push_row_plain`.
MoreStatus more_stream_reset(struct MoreStream *stream);

// Writes an encrypted image as bytes to be sent (`docs/formats.md`, "Ciphertexts and spectra"), `52 + 8 count` of them, and their number
// to `written`. `count` is `channels * height * width`.
//
// # Safety
//
// Pointers that are not refused point to as many elements as said; the key is zeroed, loaded or erased.
MoreStatus more_encode_image(const struct MoreKey *key,
                             uint32_t channels,
                             uint32_t height,
                             uint32_t width,
                             const struct MoreCell *elements,
                             size_t count,
                             uint8_t *out,
                             size_t out_bytes,
                             size_t *written);

// Writes outputs as bytes to be sent, under the key and with the order of lanes of the image that they belong to. `request` is the encoding
// of that image: no key is needed to answer.
//
// # Safety
//
// As of `more_encode_image`.
MoreStatus more_encode_answer(const uint8_t *request,
                              size_t request_bytes,
                              const struct MoreCell *elements,
                              size_t count,
                              uint8_t *out,
                              size_t out_bytes,
                              size_t *written);

// Reads encrypted elements, an image or outputs, from the bytes that they were sent as. `count` is the number expected, exactly.
//
// # Safety
//
// As of `more_encode_image`.
MoreStatus more_decode(const uint8_t *bytes,
                       size_t byte_count,
                       struct MoreCell *elements,
                       size_t count);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MORE_NN_H */

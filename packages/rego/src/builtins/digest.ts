/** Digests of FIPS 180-4 and RFC 1321 and their HMAC (RFC 2104): synchronous, in Node and in browsers alike. */
export type DigestAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';

interface Shape {
  readonly blockBytes: number;
  readonly lengthBytes: number;
  readonly littleEndian: boolean;
  readonly run: (message: DataView) => Uint8Array;
}

const SHAPES: Record<DigestAlgorithm, Shape> = {
  md5: { blockBytes: 64, lengthBytes: 8, littleEndian: true, run: md5 },
  sha1: { blockBytes: 64, lengthBytes: 8, littleEndian: false, run: sha1 },
  sha256: { blockBytes: 64, lengthBytes: 8, littleEndian: false, run: sha256 },
  sha384: { blockBytes: 128, lengthBytes: 16, littleEndian: false, run: sha384 },
  sha512: { blockBytes: 128, lengthBytes: 16, littleEndian: false, run: sha512 },
};

/** The message with a one bit, zeros and its length in bits, filling whole blocks. */
function padded(message: Uint8Array, shape: Shape): DataView {
  const { blockBytes, lengthBytes, littleEndian } = shape;
  const size = Math.ceil((message.length + 1 + lengthBytes) / blockBytes) * blockBytes;
  const bytes = new Uint8Array(size);
  bytes.set(message);
  bytes[message.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setBigUint64(littleEndian ? size - lengthBytes : size - 8, BigInt(message.length) * 8n, littleEndian);
  return view;
}

/** The digest of bytes. */
export function digestOf(algorithm: DigestAlgorithm, message: Uint8Array): Uint8Array {
  const shape = SHAPES[algorithm];
  return shape.run(padded(message, shape));
}

/** The keyed digest of bytes. */
export function hmacOf(algorithm: DigestAlgorithm, key: Uint8Array, message: Uint8Array): Uint8Array {
  const { blockBytes } = SHAPES[algorithm];
  const block = new Uint8Array(blockBytes);
  block.set(key.length > blockBytes ? digestOf(algorithm, key) : key);
  const inner = digestOf(algorithm, joined(masked(block, 0x36), message));
  return digestOf(algorithm, joined(masked(block, 0x5c), inner));
}

function masked(block: Uint8Array, mask: number): Uint8Array {
  return block.map((byte) => byte ^ mask);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function words32(words: readonly number[], littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word >>> 0, littleEndian);
  return bytes;
}

const MD5_SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];
const MD5_SINES = Array.from({ length: 64 }, (_, index) =>
  Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32),
);

function md5Mix(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (d & b) | (~d & c);
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d);
}

const MD5_STEPS = [
  [1, 0],
  [5, 1],
  [3, 5],
  [7, 0],
];

function md5(message: DataView): Uint8Array {
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let offset = 0; offset < message.byteLength; offset += 64) {
    let [a, b, c, d] = state as [number, number, number, number];
    for (let step = 0; step < 64; step++) {
      const round = step >> 4;
      const [factor, start] = MD5_STEPS[round] as [number, number];
      const word = message.getUint32(offset + ((factor * step + start) % 16) * 4, true);
      const sum = (a + md5Mix(round, b, c, d) + MD5_SINES[step]! + word) | 0;
      [a, d, c, b] = [d, c, b, (b + rotateLeft(sum, MD5_SHIFTS[round]![step % 4]!)) | 0];
    }
    for (const [index, word] of [a, b, c, d].entries()) state[index] = (state[index]! + word) | 0;
  }
  return words32(state, true);
}

const SHA1_CONSTANTS = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6];

function sha1Mix(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  return round === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
}

function sha1(message: DataView): Uint8Array {
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  const words = new Array<number>(80).fill(0);
  for (let offset = 0; offset < message.byteLength; offset += 64) {
    for (let step = 0; step < 80; step++) {
      words[step] =
        step < 16
          ? message.getUint32(offset + step * 4)
          : rotateLeft(words[step - 3]! ^ words[step - 8]! ^ words[step - 14]! ^ words[step - 16]!, 1);
    }
    let [a, b, c, d, e] = state as [number, number, number, number, number];
    for (let step = 0; step < 80; step++) {
      const round = Math.floor(step / 20);
      const next =
        (rotateLeft(a, 5) + sha1Mix(round, b, c, d) + e + SHA1_CONSTANTS[round]! + words[step]!) | 0;
      [e, d, c, b, a] = [d, c, rotateLeft(b, 30), a, next];
    }
    for (const [index, word] of [a, b, c, d, e].entries()) state[index] = (state[index]! + word) | 0;
  }
  return words32(state, false);
}

/** The first primes. */
function primes(count: number): bigint[] {
  const found: bigint[] = [];
  for (let candidate = 2n; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0n)) found.push(candidate);
  }
  return found;
}

/** The integer root of a big integer, by bisection. */
function integerRoot(value: bigint, degree: bigint): bigint {
  let low = 0n;
  let high = 1n << 72n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** The first 64 bits after the point of the square or cube root: what SHA-2 takes its constants from. */
function rootFraction(prime: bigint, degree: bigint): bigint {
  return BigInt.asUintN(64, integerRoot(prime << (64n * degree), degree));
}

const SHA2_STARTS = primes(8).map((prime) => rootFraction(prime, 2n));
const SHA384_STARTS = primes(16)
  .slice(8)
  .map((prime) => rootFraction(prime, 2n));
const SHA2_CONSTANTS = primes(80).map((prime) => rootFraction(prime, 3n));
const high32 = (value: bigint): number => Number(value >> 32n) | 0;
const SHA256_CONSTANTS = SHA2_CONSTANTS.map(high32);

function sum32(word: number, first: number, second: number, third: number): number {
  return rotateLeft(word, 32 - first) ^ rotateLeft(word, 32 - second) ^ rotateLeft(word, 32 - third);
}

function sha256Words(message: DataView, offset: number): number[] {
  const words: number[] = [];
  for (let step = 0; step < 64; step++) {
    if (step < 16) {
      words.push(message.getUint32(offset + step * 4) | 0);
      continue;
    }
    const near = words[step - 2]!;
    const far = words[step - 15]!;
    const nearSum = rotateLeft(near, 15) ^ rotateLeft(near, 13) ^ (near >>> 10);
    const farSum = rotateLeft(far, 25) ^ rotateLeft(far, 14) ^ (far >>> 3);
    words.push((words[step - 16]! + farSum + words[step - 7]! + nearSum) | 0);
  }
  return words;
}

function sha256(message: DataView): Uint8Array {
  const state = SHA2_STARTS.map(high32);
  for (let offset = 0; offset < message.byteLength; offset += 64) {
    const words = sha256Words(message, offset);
    let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number];
    for (let step = 0; step < 64; step++) {
      const choice = (e & f) ^ (~e & g);
      const first = (h + sum32(e, 6, 11, 25) + choice + SHA256_CONSTANTS[step]! + words[step]!) | 0;
      const second = (sum32(a, 2, 13, 22) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = (state[index]! + word) | 0;
  }
  return words32(state, false);
}

const MASK_64 = 2n ** 64n - 1n;

function rotate64(word: bigint, bits: bigint): bigint {
  return (word >> bits) | ((word << (64n - bits)) & MASK_64);
}

function sum64(word: bigint, first: bigint, second: bigint, third: bigint): bigint {
  return rotate64(word, first) ^ rotate64(word, second) ^ rotate64(word, third);
}

function sha512Words(message: DataView, offset: number): bigint[] {
  const words: bigint[] = [];
  for (let step = 0; step < 80; step++) {
    if (step < 16) {
      words.push(message.getBigUint64(offset + step * 8));
      continue;
    }
    const near = words[step - 2]!;
    const far = words[step - 15]!;
    const nearSum = rotate64(near, 19n) ^ rotate64(near, 61n) ^ (near >> 6n);
    const farSum = rotate64(far, 1n) ^ rotate64(far, 8n) ^ (far >> 7n);
    words.push((words[step - 16]! + farSum + words[step - 7]! + nearSum) & MASK_64);
  }
  return words;
}

function sha512(message: DataView): Uint8Array {
  return sha2Wide(message, SHA2_STARTS);
}

function sha384(message: DataView): Uint8Array {
  return sha2Wide(message, SHA384_STARTS).slice(0, 48);
}

function sha2Wide(message: DataView, starts: readonly bigint[]): Uint8Array {
  const state = [...starts];
  for (let offset = 0; offset < message.byteLength; offset += 128) {
    const words = sha512Words(message, offset);
    let [a, b, c, d, e, f, g, h] = state as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
    for (let step = 0; step < 80; step++) {
      const choice = (e & f) ^ (~e & MASK_64 & g);
      const first = h + sum64(e, 14n, 18n, 41n) + choice + SHA2_CONSTANTS[step]! + words[step]!;
      const second = sum64(a, 28n, 34n, 39n) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) & MASK_64, c, b, a, (first + second) & MASK_64];
    }
    for (const [index, word] of [a, b, c, d, e, f, g, h].entries())
      state[index] = (state[index]! + word) & MASK_64;
  }
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of state.entries()) view.setBigUint64(index * 8, word);
  return bytes;
}

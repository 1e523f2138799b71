import { gunzipSync, gzipSync } from 'node:zlib';

/** One entry of a tar archive: its header block and its content with padding. */
export interface TarEntry {
  readonly header: Buffer;
  readonly content: Buffer;
}

/** An archive that somebody changed, and the code that refuses it. */
export interface TamperedArchive {
  readonly name: string;
  readonly archive: Buffer;
  readonly code: string;
}

const BLOCK = 512;

/** The entries of a gzipped ustar archive, as they lie there. */
export function tarEntries(archive: Uint8Array): TarEntry[] {
  const bytes = gunzipSync(archive);
  const entries: TarEntry[] = [];
  for (let offset = 0; bytes[offset] !== 0; ) {
    const header = Buffer.from(bytes.subarray(offset, offset + BLOCK));
    const length = Math.ceil(sizeOf(header) / BLOCK) * BLOCK;
    entries.push({ header, content: Buffer.from(bytes.subarray(offset + BLOCK, offset + BLOCK + length)) });
    offset += BLOCK + length;
  }
  return entries;
}

/** Packs entries as they are, whatever they say. */
export function packEntries(entries: readonly TarEntry[], end = Buffer.alloc(2 * BLOCK)): Buffer {
  return gzipSync(Buffer.concat([...entries.flatMap(({ header, content }) => [header, content]), end]));
}

export function nameOf({ header }: TarEntry): string {
  return textIn(header, 0, 100);
}

/** An entry with another header; the checksum fits again. */
export function withHeader(entry: TarEntry, change: (header: Buffer) => void): TarEntry {
  const header = Buffer.from(entry.header);
  change(header);
  header.write('        ', 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return { header, content: entry.content };
}

/** An entry under another name. */
export function renamed(entry: TarEntry, name: string): TarEntry {
  return withHeader(entry, (header) => {
    header.fill(0, 0, 100);
    header.write(name, 0, 100, 'utf8');
  });
}

/** An entry with other content, its size right. */
export function refilled(entry: TarEntry, text: string | Buffer): TarEntry {
  const bytes = Buffer.from(text);
  const content = Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
  return { ...withHeader(entry, (header) => writeSize(header, bytes.length)), content };
}

/** The text of an entry's content. */
export function textOf({ header, content }: TarEntry): string {
  return content.subarray(0, sizeOf(header)).toString('utf8');
}

function sizeOf(header: Buffer): number {
  return Number.parseInt(textIn(header, 124, 12), 8);
}

function writeSize(header: Buffer, size: number): void {
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
}

function textIn(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString('utf8');
}

const INVALID = 'bundle_signature_invalid';
const UNREADABLE = 'bundle_unreadable';
const UNSAFE = 'bundle_path_unsafe';

/**
 * Every kind of byte of a signed bundle, changed: contents, each field of a tar header that means something, the list
 * of files, the gzip stream, and each part of the signature. `archive` must be signed inside (`.signatures.json`), hold
 * a `.manifest`, a policy `p.rego` and data, and be written by `writeArchive`.
 */
export function tamperedArchives(archive: Uint8Array): TamperedArchive[] {
  const entries = tarEntries(archive);
  const find = (name: string): TarEntry => entries.find((entry) => nameOf(entry) === name)!;
  const replace = (name: string, change: (entry: TarEntry) => TarEntry | readonly TarEntry[]): Buffer =>
    packEntries(entries.flatMap((entry) => (nameOf(entry) === name ? change(entry) : [entry])));
  const cases: TamperedArchive[] = [
    ...contentCases(entries, replace),
    ...headerCases(find('p.rego'), replace),
    ...listCases(entries, find('p.rego')),
    ...signatureCases(find('.signatures.json'), replace),
    ...streamCases(Buffer.from(archive), entries),
  ];
  return cases;
}

type Replace = (name: string, change: (entry: TarEntry) => TarEntry | readonly TarEntry[]) => Buffer;

/** One character of each file, and a length. */
function contentCases(entries: readonly TarEntry[], replace: Replace): TamperedArchive[] {
  return entries
    .map(nameOf)
    .filter((name) => name !== '.signatures.json')
    .flatMap((name) => [
      {
        name: `a character of ${name}`,
        archive: replace(name, (entry) => refilled(entry, textOf(entry).replace(/[a-z](?=[^a-z])/, 'q'))),
        code: INVALID,
      },
      {
        name: `${name} emptied`,
        archive: replace(name, (entry) => refilled(entry, name.endsWith('.rego') ? '' : '{}')),
        code: INVALID,
      },
    ]);
}

function headerCases(policy: TarEntry, replace: Replace): TamperedArchive[] {
  const name = nameOf(policy);
  const header = (what: string, change: (block: Buffer) => void, code: string): TamperedArchive => ({
    name: `${what} of a tar header`,
    archive: replace(name, (entry) => withHeader(entry, change)),
    code,
  });
  const type = (flag: string, what: string, code: string): TamperedArchive =>
    header(`type \`${what}\``, (block) => block.write(flag, 156, 'latin1'), code);
  return [
    header('the name', (block) => block.write('x', 0), INVALID),
    header('the name prefix', (block) => block.write('inner', 345), INVALID),
    header('a shorter size', (block) => writeSize(block, sizeOf(block) - 1), INVALID),
    header('a longer size', (block) => writeSize(block, sizeOf(block) + 1), INVALID),
    header('a size beyond the end', (block) => writeSize(block, 0o7777777), UNREADABLE),
    header('a size that is no number', (block) => block.write('x', 124), UNREADABLE),
    header('a negative size', (block) => block.write('-1', 124), UNREADABLE),
    header('a size in GNU form', (block) => block.writeUInt8(0x80, 124), UNREADABLE),
    header('the link name', (block) => block.write('/etc/passwd', 157), 'bundle_link_refused'),
    type('1', 'hard link', 'bundle_link_refused'),
    type('2', 'symbolic link', 'bundle_link_refused'),
    type('3', 'character device', UNREADABLE),
    type('5', 'folder', INVALID),
    type('6', 'pipe', UNREADABLE),
    type('7', 'contiguous file', UNREADABLE),
    type('L', 'GNU long name', UNREADABLE),
    type('S', 'GNU sparse file', UNREADABLE),
    type('x', 'pax header', UNREADABLE),
    {
      name: 'the checksum of a tar header',
      archive: replace(name, ({ header: block, content }) => {
        const changed = Buffer.from(block);
        changed.writeUInt8(changed[150]! === 48 ? 49 : 48, 150);
        return { header: changed, content };
      }),
      code: UNREADABLE,
    },
    {
      name: 'a header without its checksum made right',
      archive: replace(name, ({ header: block, content }) => {
        const changed = Buffer.from(block);
        changed.write('x', 0);
        return { header: changed, content };
      }),
      code: UNREADABLE,
    },
  ];
}

function listCases(entries: readonly TarEntry[], policy: TarEntry): TamperedArchive[] {
  const names = entries.map(nameOf);
  const signed = names.filter((name) => name !== '.signatures.json');
  const added = (name: string, code: string, what = `\`${name}\` added`): TamperedArchive => ({
    name: what,
    archive: packEntries([...entries, renamed(policy, name)]),
    code,
  });
  const link = (flag: string, target: string): TamperedArchive => ({
    name: `a link to ${target} added (${flag === '1' ? 'hard' : 'symbolic'})`,
    archive: packEntries([
      ...entries,
      withHeader(refilled(renamed(policy, 'link.rego'), ''), (header) => {
        header.write(flag, 156, 'latin1');
        header.write(target, 157, 'utf8');
      }),
    ]),
    code: 'bundle_link_refused',
  });
  return [
    ...signed.flatMap((name) => [
      {
        name: `${name} taken out`,
        archive: packEntries(entries.filter((entry) => nameOf(entry) !== name)),
        code: INVALID,
      },
      {
        name: `${name} renamed`,
        archive: packEntries(
          entries.map((entry) => (nameOf(entry) === name ? renamed(entry, `x/${name}`) : entry)),
        ),
        code: INVALID,
      },
      added(name, UNSAFE, `${name} a second time`),
      added(`./${name}`, UNSAFE, `${name} a second time, written otherwise`),
    ]),
    added('more.rego', INVALID),
    added('notes.txt', INVALID),
    added('deep/data.json', INVALID),
    added('deep/.signatures.json', INVALID),
    added('policy.wasm', INVALID),
    added('patch.json', INVALID),
    added('/etc/more.rego', INVALID),
    added('../more.rego', UNSAFE),
    added('a/../../more.rego', UNSAFE),
    added('a\\..\\more.rego', UNSAFE),
    added('C:/more.rego', UNSAFE),
    added('a\u0007.rego', UNSAFE, 'a name with a control character added'),
    added(`${'d/'.repeat(40)}m.rego`, UNSAFE, 'a path of 40 folders added'),
    link('2', '/etc/passwd'),
    link('2', 'p.rego'),
    link('1', 'p.rego'),
  ];
}

/** Each part of the token, and what stands around it. */
function signatureCases(signatures: TarEntry, replace: Replace): TamperedArchive[] {
  const token = (JSON.parse(textOf(signatures)) as { readonly signatures: readonly [string] }).signatures[0];
  const [header = '', payload = '', signature = ''] = token.split('.');
  const write = (name: string, content: unknown, code = INVALID): TamperedArchive => ({
    name: `.signatures.json: ${name}`,
    archive: replace('.signatures.json', (entry) =>
      refilled(entry, typeof content === 'string' ? content : JSON.stringify(content)),
    ),
    code,
  });
  const parts = (name: string, ...changed: readonly string[]): TamperedArchive =>
    write(name, { signatures: [changed.join('.')] });
  const json = (part: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const listed = json(payload) as { readonly files: readonly { readonly name: string }[] };
  return [
    parts('another algorithm', part({ ...json(header), alg: 'HS256' }), payload, signature),
    parts('no algorithm', part({ ...json(header), alg: 'none' }), payload, ''),
    parts('another key id', part({ ...json(header), kid: 'other' }), payload, signature),
    parts('a header that is no JSON', 'AAAA', payload, signature),
    parts(
      'a file left out of the payload',
      header,
      part({ ...listed, files: listed.files.slice(1) }),
      signature,
    ),
    parts('another hash in the payload', header, payload.replace(/^(.{40})./, '$1x'), signature),
    parts('another scope', header, part({ ...listed, scope: 'x' }), signature),
    parts('an empty payload', header, '', signature),
    parts('a byte of the signature', header, payload, flipped(signature)),
    parts('half of the signature', header, payload, signature.slice(0, signature.length / 2)),
    parts('no signature part', header, payload),
    parts('the parts in another order', payload, header, signature),
    write('twice', { signatures: [token, token] }),
    write('none', { signatures: [] }),
    write('no list', { signatures: token }),
    write('no JSON', 'x'),
    write('another plugin', { signatures: [token], plugin: 'other' }),
    {
      name: '.signatures.json taken out',
      archive: replace('.signatures.json', () => []),
      code: 'bundle_signature_missing',
    },
    {
      name: '.signatures.json elsewhere',
      archive: replace('.signatures.json', (entry) => [entry, renamed(entry, 'a/.signatures.json')]),
      code: INVALID,
    },
  ];
}

function flipped(text: string): string {
  const at = Math.floor(text.length / 2);
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
}

const MEBIBYTE = 1024 * 1024;

function streamCases(archive: Buffer, entries: readonly TarEntry[]): TamperedArchive[] {
  const changed = (at: number): Buffer => {
    const copy = Buffer.from(archive);
    copy.writeUInt8(copy[at]! ^ 0x10, at);
    return copy;
  };
  const first = entries[0]!;
  return [
    { name: 'the gzip magic', archive: changed(0), code: UNREADABLE },
    { name: 'a byte of the gzip stream', archive: changed(Math.floor(archive.length / 2)), code: UNREADABLE },
    { name: 'the gzip checksum', archive: changed(archive.length - 8), code: UNREADABLE },
    { name: 'the gzip length', archive: changed(archive.length - 4), code: UNREADABLE },
    { name: 'half of the stream', archive: archive.subarray(0, archive.length / 2), code: UNREADABLE },
    { name: 'the last byte missing', archive: archive.subarray(0, -1), code: UNREADABLE },
    { name: 'nothing', archive: Buffer.alloc(0), code: UNREADABLE },
    {
      name: 'bytes after the stream',
      archive: Buffer.concat([archive, Buffer.from('more')]),
      code: UNREADABLE,
    },
    {
      name: 'another stream after the stream',
      archive: Buffer.concat([archive, packEntries([first])]),
      code: UNREADABLE,
    },
    { name: 'no end of the tar', archive: packEntries(entries, Buffer.alloc(0)), code: UNREADABLE },
    {
      name: 'entries after the end of the tar',
      archive: packEntries(entries, Buffer.concat([Buffer.alloc(2 * BLOCK), first.header, first.content])),
      code: UNREADABLE,
    },
    {
      name: 'a file that is too large',
      archive: packEntries([
        ...entries,
        refilled(renamed(first, 'large.rego'), Buffer.alloc(257 * MEBIBYTE)),
      ]),
      code: 'bundle_too_large',
    },
    {
      name: 'a stream that swells beyond every limit',
      archive: gzipSync(Buffer.alloc(300 * MEBIBYTE), { level: 1 }),
      code: 'bundle_too_large',
    },
  ];
}

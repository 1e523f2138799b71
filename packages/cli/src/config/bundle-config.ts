import { BUNDLE_ENGINES, ENTRYPOINT_MODES, SIGNING_ALGORITHMS } from '@writ/bundle';
import { LAYERS } from '@writ/decision';
import { z } from 'zod';

const strings = z.array(z.string());
const seconds = z.number().int().positive();

const key = z
  .strictObject({
    algorithm: z
      .enum(SIGNING_ALGORITHMS)
      .optional()
      .describe('Default: RS256 inside, ES256 beside the archive'),
    file: z
      .string()
      .min(1)
      .describe(
        'PEM with the public key or certificate, or the secret of an HS… algorithm; relative to this file',
      ),
    scope: z.string().optional(),
  })
  .describe('A key that signatures are checked with');

const signature = z.strictObject({
  name: z.string().min(1).describe('Whose signature it is, such as `author` or `security`'),
  form: z
    .enum(['bundle', 'detached'])
    .default('bundle')
    .describe(
      'bundle: OPA’s .signatures.json inside; detached: beside the archive, as `cosign sign-blob` makes it',
    ),
  keys: z
    .record(z.string().min(1), key)
    .refine((keys) => Object.keys(keys).length > 0, 'must name at least one key')
    .describe('By key id; one of them must have signed, so that a new key can stand beside the old one'),
  key_id: z.string().optional().describe('The only key id that counts; by default what the signature names'),
  scope: z.string().optional(),
  exclude_files: strings.optional().describe('Globs of files that the signature need not cover'),
});

const file = z.string().min(1);

const tls = z
  .strictObject({
    ca_file: file.optional().describe('Authorities (PEM) that are trusted instead of the system’s'),
    cert_file: file.optional().describe('Certificate (PEM) that is shown to the server'),
    key_file: file.optional().describe('Its private key (PEM)'),
  })
  .refine(
    ({ cert_file, key_file }) => (cert_file === undefined) === (key_file === undefined),
    'needs cert_file and key_file together',
  )
  .describe('Files are relative to this one, and read anew for each connection');

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'must be lower-case letters, digits, "-" or "_", at most 32');

/** Where a bundle may come from; each names which further keys mean something there. */
const PLACES = {
  directory: ['entrypoints'],
  url: ['long_poll_seconds', 'token_file', 'username', 'password_file', 'allow', 'tls'],
  oci: ['insecure', 'username', 'password_file', 'allow', 'tls'],
  git: [],
} as const;
type Place = keyof typeof PLACES;

const EVERYWHERE: readonly string[] = [
  ...['name', 'engine', 'third_party', 'signatures', 'layers', 'mode', 'unreviewed'],
];
const PUBLISHED: readonly string[] = ['poll_seconds', 'max_age_seconds', 'history'];

/** One entry of `bundles` in `writ.yaml`: it names one place, and what can be said of that place. */
export const bundleSchema = z
  .strictObject({
    name,
    directory: z
      .string()
      .min(1)
      .optional()
      .describe('Folder or archive, relative to this file; watched, saving takes effect at once'),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where it is published by HTTP (OPA’s bundle protocol: ETag, long polling)'),
    oci: z
      .string()
      .min(1)
      .optional()
      .describe('Reference in an OCI registry: HOST/NAME:TAG, or HOST/NAME@sha256:…'),
    git: z
      .strictObject({
        repository: z.string().min(1),
        ref: z.string().min(1).describe('Branch or tag'),
        folder: z.string().optional(),
        allowed_signers: z
          .string()
          .optional()
          .describe(
            'File of SSH signers (ssh-keygen, ALLOWED SIGNERS), one of whom must have signed the commit',
          ),
      })
      .optional(),
    engine: z
      .enum(BUNDLE_ENGINES)
      .optional()
      .describe('What evaluates it. Default: what its manifest names, else `engine.kind`'),
    third_party: z.boolean().optional().describe('From somebody whose word may only tighten'),
    signatures: z
      .array(signature)
      .min(1)
      .optional()
      .describe('Signatures that it must carry, every one of them'),
    layers: z
      .array(z.enum(LAYERS))
      .min(1)
      .optional()
      .describe('The layers that its entrypoints may stand in. Default: all'),
    mode: z
      .enum(ENTRYPOINT_MODES)
      .optional()
      .describe(
        'observe: what it says is recorded and does not count. Goes before what its manifest says of itself',
      ),
    unreviewed: z
      .boolean()
      .optional()
      .describe('Take it without the signatures of the reviewers that it names; never in production'),
    entrypoints: strings.optional().describe('For a directory without a manifest: what may be asked'),
    poll_seconds: seconds.optional().describe('Time between two questions. Default: 30'),
    max_age_seconds: seconds
      .optional()
      .describe('Deny everything when what is in force was not confirmed for so long. Default: it serves on'),
    history: z
      .number()
      .int()
      .positive()
      .max(100)
      .optional()
      .describe('How many contents are kept to roll back to, the one in force among them. Default: 10'),
    long_poll_seconds: seconds
      .optional()
      .describe('How long the server may wait for a change before it answers'),
    token_file: z.string().optional().describe('File with a bearer token; read anew for each request'),
    username: z.string().optional(),
    password_file: z.string().optional(),
    tls: tls.optional(),
    insecure: z.boolean().optional().describe('Plain HTTP, for a registry on this machine'),
    allow: z
      .array(z.enum(['loopback', 'private']))
      .optional()
      .describe('Networks that it may be fetched from, beside public ones'),
  })
  .superRefine((bundle, context) => {
    const places = (Object.keys(PLACES) as Place[]).filter((place) => bundle[place] !== undefined);
    const [place] = places;
    if (place === undefined || places.length > 1) {
      context.addIssue(`must name exactly one of ${Object.keys(PLACES).join(', ')}`);
      return;
    }
    const known = [...EVERYWHERE, place, ...PLACES[place], ...(place === 'directory' ? [] : PUBLISHED)];
    for (const key of Object.keys(bundle))
      if (!known.includes(key))
        context.addIssue({ code: 'custom', path: [key], message: `means nothing beside \`${place}\`` });
  });
export type BundleConfig = z.infer<typeof bundleSchema>;
export type SignatureConfig = z.infer<typeof signature>;

import { TOKEN_ALGORITHMS } from '@writ/identity';
import { z } from 'zod';
import { actorSchema, principalSchema, tokenHashSchema } from './caller-config.ts';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'must be lower-case letters, digits, "-" or "_", at most 32');
const text = z.string().min(1);
const strings = z.array(text);
const seconds = z.number().int().positive();
const clockSkew = z.number().int().min(0).max(300);

/** `http` only for an issuer on this machine: whoever sits between could hand out keys of their own. */
const serverUrl = z.url({ protocol: /^https?$/ }).refine((url) => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}, 'must be https, unless it is on this machine');
const resourceUrl = z
  .url({ protocol: /^https?$/ })
  .refine((url) => !url.includes('#') && !url.includes('?'), 'has no query and no fragment');

const claims = z
  .strictObject({
    principal: text.optional().describe('Template of the principal’s id: `user:{sub}`. Default: `{sub}`'),
    actor: text
      .optional()
      .describe(
        'Template of the agent’s id where nobody delegated. Default: `{client_id}`, `{azp}` or `{sub}`',
      ),
    tenant: text.optional().describe('Claim with the tenant; a token without it is refused'),
    groups: text.optional(),
    actor_class: text.optional(),
    actor_scope: text.optional(),
    owner_team: text.optional(),
    data_classifications_authorized: text.optional(),
    attributes: z
      .record(text, text)
      .optional()
      .describe('Claims that policies see in `principal.attributes`, by the name that they get there'),
  })
  .describe('Which claims say who is asking; each a name, or a JSON Pointer that begins with `/`');

const oauth = z
  .strictObject({
    issuer: serverUrl.describe('Exactly as it stands in `iss`'),
    resource: resourceUrl.describe('URL of the gateway as clients know it: what tokens must be made for'),
    audiences: strings
      .optional()
      .describe('Further audiences, for issuers that do not know resource indicators'),
    algorithms: z.array(z.enum(TOKEN_ALGORITHMS)).min(1).optional().describe('Default: all of these'),
    types: strings.min(1).optional().describe('Accepted `typ`. Default: at+jwt, JWT'),
    header: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be the name of a header in lower case')
      .refine((header) => header !== 'authorization', 'is read without being named')
      .optional()
      .describe('Header that holds the token in place of Authorization'),
    clock_skew_seconds: clockSkew.optional().describe('Default: 30'),
    required_scopes: strings.optional().describe('Scopes that every token must have'),
    dpop: z
      .enum(['accepted', 'required'])
      .optional()
      .describe('required: only tokens that are bound to a key'),
    claims: claims.optional(),
    keys_url: serverUrl.optional().describe('Where the issuer’s keys are; absent: its metadata says so'),
    keys_refresh_seconds: seconds.optional().describe('Default: 300'),
    keys_age_seconds_max: seconds
      .optional()
      .describe('How long keys are trusted that cannot be fetched anew. Default: 3600'),
    allow: z
      .array(z.enum(['loopback', 'private']))
      .optional()
      .describe('Networks that the issuer may be on, beside public ones'),
    ca_file: text.optional().describe('Authorities (PEM) that are trusted for the issuer'),
  })
  .describe('Access tokens of one issuer (OAuth 2, OpenID Connect)');

const trustDomain = z.string().regex(/^[a-z0-9._-]{1,255}$/, 'must be the name of a trust domain, no URL');

/** Where what identities of workloads are checked with comes from: exactly one of the two. */
const trust = {
  trust_domains: z
    .record(trustDomain, text)
    .optional()
    .describe('Trust bundles by trust domain: files with certificates (PEM) or in SPIFFE’s JSON form'),
  workload_api: text.optional().describe('Socket of the SPIFFE Workload API, `unix:/run/spire/agent.sock`'),
};
const oneTrust = (value: {
  trust_domains?: object | undefined;
  workload_api?: string | undefined;
}): boolean => (value.trust_domains === undefined) !== (value.workload_api === undefined);
const ONE_TRUST = 'must name exactly one of trust_domains and workload_api';

const spiffe = z
  .strictObject({
    ...trust,
    audiences: strings.optional().describe('Audiences of JWT-SVIDs; without any, none is accepted'),
    ids: z
      .array(
        z.strictObject({
          trust_domain: trustDomain.optional(),
          path: text.describe('`/agents/{client}/{class}/{env}`: named segments become facts'),
          tenant: text.optional(),
        }),
      )
      .min(1)
      .optional()
      .describe('What paths may be and mean; absent: every id of a trusted domain'),
    clock_skew_seconds: clockSkew.optional().describe('Default: 30'),
  })
  .refine(oneTrust, ONE_TRUST)
  .describe('SPIFFE workloads: by the certificate of their connection, or by a JWT-SVID');

const keys = z
  .array(
    z.strictObject({
      token_hash: tokenHashSchema,
      expires: z.iso
        .datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' })
        .optional(),
      principal: principalSchema,
      actor: actorSchema,
    }),
  )
  .min(1)
  .describe('Static keys, for development: `writ identity key` makes one');

const proxy = z
  .strictObject({
    ...trust,
    proxies: z
      .array(z.string().regex(/^spiffe:\/\/[^*]+\*?$/, 'must be a SPIFFE ID, exact or ending in `*`'))
      .min(1)
      .describe('Whose word counts'),
    may_assert: z
      .strictObject({
        tenants: strings.optional(),
        principals: strings.optional(),
        actors: strings.optional(),
      })
      .optional()
      .describe('What they may say, names exact or ending in `*`; absent: anything'),
  })
  .refine(oneTrust, ONE_TRUST)
  .describe('Callers whom a trusted proxy names in the header `Writ-Caller`, over mutual TLS');

const KINDS = ['oauth', 'spiffe', 'keys', 'proxy'] as const;

/** One entry of `identity` in `writ.yaml`. */
export const identitySchema = z
  .strictObject({
    name: name.describe('Unique; messages and spans name it'),
    oauth: oauth.optional(),
    spiffe: spiffe.optional(),
    keys: keys.optional(),
    proxy: proxy.optional(),
  })
  .superRefine((entry, context) => {
    if (KINDS.filter((kind) => entry[kind] !== undefined).length !== 1)
      context.addIssue(`must name exactly one of ${KINDS.join(', ')}`);
  });
export type IdentityConfig = z.infer<typeof identitySchema>;

const SOURCES = ['cert_file', 'workload_api', 'elsewhere'] as const;

/** `listen.tls` in `writ.yaml`. */
export const listenTlsSchema = z
  .strictObject({
    cert_file: text.optional().describe('Certificate (PEM, leaf first); followed as it changes'),
    key_file: text.optional().describe('Its private key (PEM)'),
    workload_api: text.optional().describe('Socket of the SPIFFE Workload API that gives the certificate'),
    elsewhere: z
      .literal(true)
      .optional()
      .describe('A proxy or mesh in front ends TLS; the ports speak plain HTTP'),
  })
  .superRefine((tls, context) => {
    if (SOURCES.filter((source) => tls[source] !== undefined).length !== 1)
      context.addIssue(`must name exactly one of ${SOURCES.join(', ')}`);
    if ((tls.cert_file === undefined) !== (tls.key_file === undefined))
      context.addIssue('needs cert_file and key_file together');
  })
  .describe('How the ports are encrypted; beyond loopback it must be said');
export type ListenTlsConfig = z.infer<typeof listenTlsSchema>;

/** What of a whole configuration decides whether its identities can work. */
interface IdentityParts {
  readonly identity?: readonly IdentityConfig[] | undefined;
  readonly callers?: readonly unknown[] | undefined;
  readonly listen?: { readonly tls?: ListenTlsConfig | undefined } | undefined;
}

/** What is wrong with identities beside each other and beside `listen`, each with its place. */
export function identityFaults({
  identity = [],
  callers = [],
  listen,
}: IdentityParts): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] {
  const names = identity.map((each) => each.name);
  const twice = identity.flatMap((each, index) =>
    names.indexOf(each.name) === index
      ? []
      : [{ path: ['identity', index, 'name'], message: `\`${each.name}\` is named twice` }],
  );
  const both =
    callers.length > 0 && identity.length > 0
      ? [{ path: ['callers'], message: 'stands in `identity`, as `keys`, where there is an `identity`' }]
      : [];
  const tls = listen?.tls;
  const ends = tls !== undefined && tls.elsewhere === undefined;
  const unheard = identity.flatMap((each, index) =>
    each.proxy !== undefined && !ends
      ? [
          {
            path: ['identity', index, 'proxy'],
            message:
              'a proxy is known by its certificate: `listen.tls` must name one of its own to end TLS with',
          },
        ]
      : each.spiffe !== undefined && each.spiffe.audiences === undefined && !ends
        ? [
            {
              path: ['identity', index, 'spiffe'],
              message: 'knows nobody: name `listen.tls` for certificates, or `audiences` for JWT-SVIDs',
            },
          ]
        : [],
  );
  return [...twice, ...both, ...unheard];
}

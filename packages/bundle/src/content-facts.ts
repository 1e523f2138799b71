import type { Bundle } from './bundle.ts';
import type { ContentFacts } from './remote/kept-contents.ts';

/** What a bundle says of itself, for its history. */
export function contentFacts(bundle: Bundle): ContentFacts {
  const { revision, digest, sequence, rollbackTo, release, signatures } = bundle;
  return {
    revision,
    digest,
    ...(sequence === undefined ? {} : { sequence }),
    ...(rollbackTo === undefined ? {} : { rollbackTo }),
    ...(release === undefined ? {} : { release: `${release.name} ${release.version}` }),
    signedBy: signatures.map(({ name, keyId }) => `${name} (${keyId})`),
  };
}

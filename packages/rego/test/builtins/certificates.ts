import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Texts in PEM by name. */
export type Made = Readonly<Record<string, string>>;

const EXTENSIONS = `
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[short]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = keyCertSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = 1.2.3.4, 2.23.140.1.2.1
[limited]
basicConstraints = critical, CA:true
nameConstraints = critical, permitted;DNS:example.org, excluded;DNS:bad.example.org, permitted;IP:10.0.0.0/255.0.0.0, permitted;email:example.org, permitted;URI:.example.org
[leaf]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth, 1.2.3.4.5
subjectAltName = DNS:www.example.org, DNS:*.deep.example.org, IP:10.1.2.3, URI:https://user@a.example.org:8443/x%20y?q=1#f, email:a@example.org
authorityInfoAccess = OCSP;URI:http://ocsp.example.org/, caIssuers;URI:http://ca.example.org/ca.der
crlDistributionPoints = URI:http://crl.example.org/1.crl
[outside]
subjectAltName = DNS:www.example.com
[excluded]
subjectAltName = DNS:x.bad.example.org
[client]
extendedKeyUsage = clientAuth
subjectAltName = DNS:www.example.org
[odd]
subjectAltName = URI:urn:a:b, URI:spiffe://example.org/x
1.2.3.4.5.6 = critical, ASN1:UTF8String:unknown
tlsfeature = status_request
`;

const SUBJECT =
  '/C=DE/ST=Land/L=Ort/O=Eins/O=Zwei/OU=Teil/street=Weg 1/postalCode=12345/serialNumber=77/CN=Name äö*&';

/** Makes keys, certificates and requests with `openssl`; undefined where it is not installed. */
export function makeCertificates(): Made | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'writ-x509-'));
  const at = (name: string): string => join(folder, name);
  const run = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  };
  try {
    writeFileSync(at('ext'), EXTENSIONS);
    const keys: Readonly<Record<string, readonly string[]>> = {
      rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
      p256: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
      p384: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
      p521: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
      ed25519: ['-algorithm', 'ED25519'],
    };
    const made: Record<string, string> = {};
    for (const [name, args] of Object.entries(keys)) {
      run('genpkey', ...args, '-out', at(`${name}.key`));
      made[`${name} key`] = readFileSync(at(`${name}.key`), 'utf8');
    }
    run('rsa', '-in', at('rsa.key'), '-traditional', '-out', at('rsa1.key'));
    run('ec', '-in', at('p256.key'), '-out', at('sec1.key'));
    made['pkcs1 key'] = readFileSync(at('rsa1.key'), 'utf8');
    made['sec1 key'] = readFileSync(at('sec1.key'), 'utf8');
    const sign = (
      name: string,
      key: string,
      section: string,
      parent?: string,
      ...more: readonly string[]
    ): void => {
      run(
        'req',
        '-new',
        '-utf8',
        '-key',
        at(`${key}.key`),
        '-subj',
        `/CN=${name}`,
        '-out',
        at(`${name}.csr`),
      );
      const by = parent?.split(':') ?? [];
      const signer =
        parent === undefined
          ? ['-signkey', at(`${key}.key`)]
          : ['-CA', at(`${by[0]}.pem`), '-CAkey', at(`${by[1]}.key`)];
      run(
        'x509',
        '-req',
        '-in',
        at(`${name}.csr`),
        ...signer,
        '-set_serial',
        '0x0123456789abcdef01234567',
        '-days',
        '3650',
        '-extfile',
        at('ext'),
        '-extensions',
        section,
        '-out',
        at(`${name}.pem`),
        ...more,
      );
      made[name] = readFileSync(at(`${name}.pem`), 'utf8');
    };
    sign('root', 'rsa', 'ca');
    sign('middle', 'p256', 'short', 'root:rsa');
    sign('limited', 'p384', 'limited', 'root:rsa');
    sign('leaf', 'p256', 'leaf', 'middle:p256');
    sign(
      'pss',
      'rsa',
      'leaf',
      'root:rsa',
      '-sigopt',
      'rsa_padding_mode:pss',
      '-sigopt',
      'rsa_pss_saltlen:32',
    );
    sign('sha1', 'rsa', 'leaf', 'root:rsa', '-sha1');
    sign('below', 'p521', 'leaf', 'limited:p384', '-sha384');
    sign('outside', 'p256', 'outside', 'limited:p384');
    sign('excluded', 'p256', 'excluded', 'limited:p384');
    sign('deep', 'p384', 'ca', 'middle:p256');
    sign('too deep', 'p256', 'leaf', 'deep:p384');
    sign('client', 'p256', 'client', 'root:rsa');
    sign('odd', 'p256', 'odd', 'root:rsa');
    sign('edroot', 'ed25519', 'ca');
    sign('edleaf', 'ed25519', 'leaf', 'edroot:ed25519');
    run(
      'req',
      '-new',
      '-utf8',
      '-key',
      at('rsa.key'),
      '-subj',
      SUBJECT,
      '-addext',
      'subjectAltName=DNS:a.test,IP:10.0.0.1,email:x@y.test,URI:https://u.test/',
      '-addext',
      'basicConstraints=critical,CA:false',
      '-out',
      at('request.csr'),
    );
    made['request'] = readFileSync(at('request.csr'), 'utf8');
    run('req', '-new', '-key', at('ed25519.key'), '-subj', '/CN=plain', '-out', at('plain.csr'));
    made['plain request'] = readFileSync(at('plain.csr'), 'utf8');
    run(
      'req',
      '-x509',
      '-utf8',
      '-key',
      at('rsa.key'),
      '-subj',
      SUBJECT,
      '-days',
      '1',
      '-out',
      at('subject.pem'),
    );
    made['subject'] = readFileSync(at('subject.pem'), 'utf8');
    return made;
  } catch (caught) {
    if ((caught as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw caught;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

import { CompileCache } from './cache.ts';

/**
 * Abbreviations of the time zones that the platform's own locales do not tell as the IANA database does: the standard
 * one, the one for summer where it differs, and the zones. `#` stands for the offset in digits, as the database has it.
 */
const TABLE = `
MST America/Dawson America/Hermosillo America/Mazatlan America/Whitehorse Canada/Yukon Mexico/BajaSur
CST/CDT America/Havana Cuba
NST/NDT America/St_Johns Canada/Newfoundland
HST/HDT America/Adak America/Atka US/Aleutian
CST Asia/Chongqing Asia/Chungking Asia/Harbin Asia/Macao Asia/Macau Asia/Shanghai Asia/Taipei PRC ROC
HKT Asia/Hong_Kong Hongkong
WIB Asia/Jakarta Asia/Pontianak
WIT Asia/Jayapura
IST/IDT Asia/Jerusalem Asia/Tel_Aviv Israel
PKT Asia/Karachi
WITA Asia/Makassar Asia/Ujung_Pandang
PST Asia/Manila
KST Asia/Pyongyang Asia/Seoul ROK
JST Asia/Tokyo Japan
GMT/IST Eire Europe/Dublin
GMT/BST Europe/Guernsey Europe/Isle_of_Man Europe/Jersey
MSK Europe/Kirov Europe/Moscow Europe/Simferopol Europe/Volgograd W-SU
ChST Pacific/Guam Pacific/Saipan
SST Pacific/Midway Pacific/Pago_Pago Pacific/Samoa US/Samoa
GMT Etc/GMT GMT GMT+0 GMT-0 GMT0
MET/MEST MET
# Antarctica/Casey Antarctica/Troll Asia/Colombo Asia/Dubai Asia/Muscat Australia/Eucla Australia/LHI
# Australia/Lord_Howe NZ-CHAT Pacific/Chatham
`;

const NAMES = new Map<string, readonly [standard: string, summer: string]>();
for (const line of TABLE.trim().split('\n')) {
  const [names = '', ...zones] = line.split(' ');
  const [standard = '', summer = standard] = names.split('/');
  for (const zone of zones) NAMES.set(zone, [standard, summer]);
}

/** Locales that have short names for the zones of their countries. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA'];

/** Before this, 2021, zones had other names than they have now, which only the database knows. */
const KNOWN_SINCE = 1_609_459_200;

/**
 * The abbreviation of a zone while its clocks are `offset` seconds ahead; `isSummer` where that is more than else.
 * Undefined where it is not known.
 */
export function zoneName(
  zone: string,
  epochSeconds: number,
  offset: number,
  isSummer: boolean,
): string | undefined {
  if (epochSeconds < KNOWN_SINCE) return localeName('en-US', zone, epochSeconds);
  const known = NAMES.get(zone);
  if (known !== undefined) {
    const name = known[isSummer ? 1 : 0];
    return name === '#' ? inDigits(offset) : name;
  }
  for (const locale of LOCALES) {
    const name = localeName(locale, zone, epochSeconds);
    if (name !== undefined) return name;
  }
  return inDigits(offset);
}

const FORMATS_MAX = 256;
/** By zone and locale, a tab between them: making one takes longer than all else here. */
const formats = new CompileCache<Intl.DateTimeFormat>(FORMATS_MAX, (source) => {
  const [timeZone, locale] = source.split('\t');
  return new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' } as Intl.DateTimeFormatOptions);
});

function localeName(locale: string, timeZone: string, epochSeconds: number): string | undefined {
  const format = formats.get(`${timeZone}\t${locale}`);
  const name = format.formatToParts(epochSeconds * 1000).find(({ type }) => type === 'timeZoneName')?.value;
  return name !== undefined && /^[A-Z]{2,5}$/.test(name) ? name : undefined;
}

function inDigits(offset: number): string {
  const minutes = Math.floor(Math.abs(offset) / 60);
  const [hour, rest] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'));
  return `${offset < 0 ? '-' : '+'}${hour}${rest === '00' ? '' : rest}`;
}

import { generateKeyPairSync } from 'node:crypto'
import forge from 'node-forge'

export interface Certificate {
  /** PEM. */
  cert: string
  /** PEM, PKCS #8. */
  key: string
}

export interface Wanted {
  /** Names of hosts and IP addresses. Default: those of this machine. */
  names?: string[]
  /** When it begins and ends, in days from now. Default: from yesterday to tomorrow. */
  days?: readonly [from: number, to: number]
  /** What it is for; nodes of a cluster are both to each other. Default: a server. */
  purpose?: 'server' | 'client' | 'both'
}

const DAY_MS = 86_400_000
const DNS = 2
const IP = 7

let serial = 0

function newKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
}

/** One key for all servers and clients of a file: making one takes long, and nothing depends on whose it is. */
let common: string | undefined
const commonKey = () => (common ??= newKey())

/** Issues certificates, as a company's own authority does. */
export class Authority {
  /** Its own certificate, in PEM: what clients trust. */
  readonly cert: string
  readonly #key = newKey()
  readonly #name: string

  constructor(name = 'Authority of the specs') {
    this.#name = name
    this.cert = this.#sign(this.#key, name, [-2, 2], [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ])
  }

  issue({ names = ['localhost', '127.0.0.1', '::1'], days = [-1, 1], purpose = 'server' }: Wanted = {}): Certificate {
    const key = commonKey()
    const altNames = names.map((name) => (/^[\d.]+$|:/.test(name) ? { type: IP, ip: name } : { type: DNS, value: name }))
    const cert = this.#sign(key, `a ${purpose}`, days, [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: purpose !== 'client', clientAuth: purpose !== 'server' },
      ...(altNames.length > 0 ? [{ name: 'subjectAltName', altNames }] : []),
    ])
    return { cert, key }
  }

  /** Its own certificate as that of a server, as people do who make one certificate only. */
  itself(): Certificate {
    return { cert: this.cert, key: this.#key }
  }

  #sign(key: string, subject: string, [from, to]: readonly [number, number], extensions: object[]): string {
    const certificate = forge.pki.createCertificate()
    const { n, e } = forge.pki.privateKeyFromPem(key)
    certificate.publicKey = forge.pki.setRsaPublicKey(n, e)
    // DER has no zeros in front.
    certificate.serialNumber = (0x1000 + ++serial).toString(16)
    certificate.validity.notBefore = new Date(Date.now() + from * DAY_MS)
    certificate.validity.notAfter = new Date(Date.now() + to * DAY_MS)
    certificate.setSubject([{ name: 'commonName', value: subject }])
    certificate.setIssuer([{ name: 'commonName', value: this.#name }])
    certificate.setExtensions(extensions)
    certificate.sign(forge.pki.privateKeyFromPem(this.#key), forge.md.sha256.create())
    return forge.pki.certificateToPem(certificate)
  }
}

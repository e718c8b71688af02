/** Bytes as the wire carries them: `text`, or `base64` where they are not UTF-8. */
export function bytesOf(carrier: { readonly text?: string; readonly base64?: string }): Buffer {
  return carrier.base64 === undefined
    ? Buffer.from(carrier.text ?? '', 'utf8')
    : Buffer.from(carrier.base64, 'base64');
}

/** Owns a text drawn as a QR code, here in the page: a secret is sent to nobody to be drawn. Must not know what it says. */
import qrcode from 'qrcode-generator';

// Modules of white around it, which readers need.
const MARGIN = 4;
const SIZE_PX = 200;

export function QrCode({ text, label }: { text: string; label: string }) {
  // As small as the text allows, with the correction that screens need.
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  const count = code.getModuleCount();
  const dark: string[] = [];
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      if (code.isDark(row, column)) dark.push(`M${column + MARGIN} ${row + MARGIN}h1v1h-1z`);
    }
  }
  const side = count + 2 * MARGIN;
  // Dark on white in both themes: not every reader takes it the other way round.
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${side} ${side}`}
      width={SIZE_PX}
      height={SIZE_PX}
      shapeRendering="crispEdges"
      style={{ alignSelf: 'center', background: '#fff', borderRadius: 8 }}
    >
      <path d={dark.join('')} fill="#000" />
    </svg>
  );
}

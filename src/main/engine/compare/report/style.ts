import { Markup } from './html.ts'

/** Colours of the runs on paper and on a dark screen: those of the window. */
const light = ['#c07d00', '#2c93cf', '#009069', '#a08c00', '#0068ac', '#d55e00', '#b9628f', '#1b1c1e']
const dark = ['#e69f00', '#56b4e9', '#00ab7f', '#f0e442', '#3a8fd0', '#e8702a', '#cc79a7', '#e8e8e5']
const dashes = ['', '6 3', '2 3', '8 3 2 3']

export const colourOf = (index: number): string => `var(--c${((index % light.length) + light.length) % light.length})`
/** After eight colours the same come back dashed. */
export const dashOf = (index: number): string => dashes[Math.floor(Math.max(0, index) / light.length) % dashes.length]!

const variables = (colours: readonly string[]): string => colours.map((colour, index) => `--c${index}:${colour}`).join(';')

/** A style sheet is no text to be escaped: it holds nothing that anybody typed. */
export const style = new Markup(
  `
:root{color-scheme:light dark;--paper:#fcfcfa;--paper2:#f4f4f1;--line:#dedfd9;--strong:#8c8e88;--ink:#1b1c1e;--ink2:#585a5f;
${variables(light)}}
@media screen and (prefers-color-scheme:dark){:root{--paper:#17181b;--paper2:#1e2024;--line:#34373d;--strong:#7b8089;
--ink:#e8e8e5;--ink2:#a9adb5;${variables(dark)}}}
*{box-sizing:border-box}
body{margin:0 auto;padding:32px 24px 64px;max-width:1100px;background:var(--paper);color:var(--ink);
font:13px/20px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:20px;line-height:28px;margin:0 0 4px}
h2{font-size:15px;line-height:20px;margin:32px 0 8px;break-after:avoid}
p,ul{margin:0 0 8px;max-width:88ch}
ul{padding-left:18px}
.lead{margin:16px 0}
.lead p{margin-bottom:4px}
.lead p:first-child{font-size:16px;line-height:24px;margin-bottom:8px}
.muted,.muted td{color:var(--ink2)}
.small{font-size:12px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;margin:0 0 16px;font-size:12px;line-height:16px}
th,td{padding:4px 10px 4px 0;text-align:left;font-weight:400;border-bottom:1px solid var(--line);vertical-align:top;
overflow-wrap:break-word}
th bdi,td bdi{display:inline-block;max-width:28ch;overflow-wrap:break-word}
thead th{border-bottom-color:var(--strong);vertical-align:bottom}
thead{display:table-header-group}
tr{break-inside:avoid}
.number{text-align:right;white-space:nowrap}
th.number{white-space:normal}
.best{font-weight:700}
.unit{color:var(--ink2)}
figure{margin:0 0 16px;break-inside:avoid}
figcaption{color:var(--ink2);font-size:12px;margin-bottom:4px}
.called{color:var(--ink);font-weight:600}
.charts svg{width:100%;max-width:960px}
svg{display:block;width:100%;height:auto;font:12px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}
svg text{fill:var(--ink2)}
svg .name{fill:var(--ink)}
.grid{stroke:var(--line)}
.axis{stroke:var(--strong)}
.swatch{display:inline-block;width:18px;height:0;border-top:2px solid;margin-right:6px;vertical-align:middle}
thead .swatch{display:block;margin:0 0 4px auto}
.strips{display:grid;grid-template-columns:minmax(80px,180px) minmax(0,1fr);gap:6px 12px;align-items:center;margin:0 0 16px}
.strips img{display:block;max-width:100%;height:auto}
.strips .enlarged{image-rendering:pixelated}
.strips span{overflow-wrap:anywhere}
@page{margin:14mm}
@media print{body{padding:0;max-width:none;--paper:#fff}.scroll{overflow:visible}table{font-size:9.5px;line-height:13px}
th,td{padding:3px 5px 3px 0}th bdi,td bdi{max-width:20ch}.strips{grid-template-columns:110px minmax(0,1fr)}}
`.trim(),
)

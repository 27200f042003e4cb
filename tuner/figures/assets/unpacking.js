/* What is packed into a page (tuner/figures/packing.py): gzip, as Base64. */
(function (root) {
  "use strict";

  async function unpack(packed) {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  // Run the script that the element of this id holds, packed, such as plotly.js.
  async function load(id) {
    const script = document.createElement("script");
    script.textContent = await unpack(document.getElementById(id).textContent);
    document.head.append(script);
  }

  root.tunerPacked = { load, unpack };
})(window);

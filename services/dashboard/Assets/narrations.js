// SPDX-License-Identifier: Apache-2.0

// The field for narrations.

import { upload } from "/assets/api.js";
import { acceptDrops } from "/assets/files.js";
import { make } from "/assets/format.js";

/** The audio files by the IDs of their segments. Each file is uploaded once. */
export function narrationField(onFiles) {
  const narrations = new Map();
  const input = make("input", { type: "file", multiple: true, accept: "audio/*,.mp3,.wav,.m4a,.aac,.flac,.ogg,.opus" });
  const list = make("ul", { className: "given", "aria-label": "Added narrations" });
  const element = make("fieldset", { className: "drop" }, make("legend", { textContent: "Narrations" }),
    make("label", { className: "choose" }, make("span", { className: "quiet", textContent: "One audio file for each segment, named after its ID (seg_001.mp3). Drop them here, or choose them:" }), input), list);
  acceptDrops(element, onFiles);
  input.addEventListener("change", () => {
    onFiles([...input.files]);
    input.value = "";
  });

  function showList() {
    list.replaceChildren(...[...narrations].map(([id, { file }]) => make("li", {}, make("span", { textContent: `${id}: ${file.name}` }),
      make("button", { type: "button", className: "small", textContent: "Remove", "aria-label": `Remove ${file.name}`, onclick: () => {
        narrations.delete(id);
        showList();
        (list.querySelector("button") ?? input).focus();
      } }))));
  }
  return {
    element, size: () => narrations.size,
    add(files) {
      for (const file of files) narrations.set(file.name.replace(/\.[^.]*$/, ""), { file });
      showList();
    },
    /** Uploads the files. Resolves to their URIs by segment. */
    async upload(showStatus) {
      const uris = {};
      for (const [id, each] of narrations) {
        showStatus(`Uploading ${each.file.name}…`);
        uris[id] = each.uri ??= (await upload(each.file)).uri;
      }
      showStatus("");
      return uris;
    },
  };
}

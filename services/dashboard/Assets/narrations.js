// The field for narrations.

import { upload } from "/assets/api.js";
import { takesDrops } from "/assets/files.js";
import { make } from "/assets/format.js";

/** Sound files by the id of their segment: each is sent once, however often it is asked for. */
export function narrationField(give) {
  const given = new Map();
  const sounds = make("input", { type: "file", multiple: true, accept: "audio/*,.mp3,.wav,.m4a,.aac,.flac,.ogg,.opus" });
  const list = make("ul", { className: "given", "aria-label": "Narrations that were given" });
  const element = make("fieldset", { className: "drop" }, make("legend", { textContent: "Narrations" }),
    make("label", { className: "choose" }, make("span", { className: "quiet", textContent: "One sound file for each segment, named by its id (seg_001.mp3). Drop them here, or choose them:" }), sounds), list);
  takesDrops(element, give);
  sounds.addEventListener("change", () => {
    give([...sounds.files]);
    sounds.value = "";
  });

  function showList() {
    list.replaceChildren(...[...given].map(([id, { file }]) => make("li", {}, make("span", { textContent: `${id}: ${file.name}` }),
      make("button", { type: "button", className: "small", textContent: "Remove", "aria-label": `Remove ${file.name}`, onclick: () => {
        given.delete(id);
        showList();
        (list.querySelector("button") ?? sounds).focus();
      } }))));
  }
  return {
    element, size: () => given.size,
    take(files) {
      for (const file of files) given.set(file.name.replace(/\.[^.]*$/, ""), { file });
      showList();
    },
    async send(say) {
      const uris = {};
      for (const [id, each] of given) {
        say(`Sending ${each.file.name}.`);
        uris[id] = each.uri ??= (await upload(each.file)).uri;
      }
      say("");
      return uris;
    },
  };
}

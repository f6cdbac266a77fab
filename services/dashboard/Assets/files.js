// SPDX-License-Identifier: Apache-2.0

// Files that the user drops or chooses, sorted by their type.

const audioExtensions = /\.(mp3|wav|m4a|aac|flac|ogg|oga|opus|webm|aiff?|wma)$/i;
/** Bytes of a file that is read as a storyboard. The server accepts 8 MiB; the form reports the exact limit. */
const largestText = 64 * 1024 * 1024;

const isAudio = ({ name, type }) => type.startsWith("audio/") || audioExtensions.test(name);
const isText = ({ name, type }) => /\.(json|txt)$/i.test(name) || /^(application\/json|text\/plain)$/.test(type);

/** Accepts files that are dropped on an element. */
export function acceptDrops(element, onFiles) {
  for (const kind of ["dragover", "dragleave", "drop"]) {
    element.addEventListener(kind, (event) => {
      event.preventDefault();
      element.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) onFiles([...event.dataTransfer.files]);
    });
  }
}

/** Passes each file to the field for its type. Resolves to why the other files were not added. */
export async function sortFiles(files, { setStoryboard, addNarrations }) {
  const errors = [];
  const narrations = files.filter(isAudio);
  if (narrations.length) addNarrations(narrations);
  const storyboards = files.filter((file) => !isAudio(file) && isText(file));
  for (const file of files) {
    if (!isAudio(file) && !isText(file)) errors.push(`${file.name} was not added: it is neither a storyboard (.json) nor an audio file.`);
  }
  for (const file of storyboards.slice(1)) errors.push(`${file.name} was not added: a film has only one storyboard.`);
  if (storyboards.length) errors.push(...await readStoryboard(storyboards[0], setStoryboard));
  return errors;
}

async function readStoryboard(file, setStoryboard) {
  if (file.size > largestText) return [`${file.name} was not added: it is too large for a storyboard.`];
  const text = await file.text();
  if (text.includes("\0")) return [`${file.name} was not added: it is not UTF-8 text. Save it as UTF-8.`];
  setStoryboard(text);
  return [];
}

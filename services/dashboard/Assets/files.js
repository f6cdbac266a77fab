// Files that are dropped or chosen, told apart by what they are.

const sounds = /\.(mp3|wav|m4a|aac|flac|ogg|oga|opus|webm|aiff?|wma)$/i;
/** Bytes of a file that is read as a storyboard; the server takes 8 MiB. */
const largestText = 64 * 1024 * 1024;

const isSound = ({ name, type }) => type.startsWith("audio/") || sounds.test(name);
const isText = ({ name, type }) => /\.(json|txt)$/i.test(name) || /^(application\/json|text\/plain)$/.test(type);

/** Lets files be dropped on an element. */
export function takesDrops(element, take) {
  for (const kind of ["dragover", "dragleave", "drop"]) {
    element.addEventListener(kind, (event) => {
      event.preventDefault();
      element.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) take([...event.dataTransfer.files]);
    });
  }
}

/** Gives each file to the field that it is for. -> why those that are for none were not taken. */
export async function sortFiles(files, { takeBoard, takeSounds }) {
  const faults = [];
  const heard = files.filter(isSound);
  if (heard.length) takeSounds(heard);
  const boards = files.filter((file) => !isSound(file) && isText(file));
  for (const file of files) {
    if (!isSound(file) && !isText(file)) faults.push(`${file.name} was not taken: it is neither a storyboard (.json) nor a sound file.`);
  }
  for (const file of boards.slice(1)) faults.push(`${file.name} was not taken: a job has one storyboard.`);
  if (boards.length) faults.push(...await readBoard(boards[0], takeBoard));
  return faults;
}

async function readBoard(file, takeBoard) {
  if (file.size > largestText) return [`${file.name} was not taken: it is too large for a storyboard.`];
  const text = await file.text();
  if (text.includes("\0")) return [`${file.name} was not taken: it is not text, or text in UTF-16. Save it as UTF-8.`];
  takeBoard(text);
  return [];
}

"""Words that look like names; each file says what it holds."""

from pathlib import Path

from knowledge.data_files import read_words

_HERE = Path(__file__).parent
# begin with a surname, by their first two characters
WORDS = read_words(_HERE / "words.txt")
# end with a surname: a name doesn't begin inside one (旁边写的, 疫苗本)
ENDS = read_words(_HERE / "ends.txt")
# never a name where they stand by themselves, whatever stands around them
THINGS = read_words(_HERE / "things.txt")

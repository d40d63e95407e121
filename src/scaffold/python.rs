//! Names of Python packages.

use super::render::snake;

/// What an import of this name finds elsewhere, or can't be written: the language's words, its standard library, what
/// pytest and PyTorch bring, and the folder of tests. A package of such a name would hide it from all who need it.
const TAKEN: &str = "
    abc aifc and antigravity argparse array as assert ast async asynchat asyncio asyncore atexit audioop await base64
    bdb binascii bisect break builtins bz2 calendar cgi cgitb chunk class cmath cmd code codecs codeop collections
    colorsys compileall concurrent configparser conftest contextlib contextvars continue copy copyreg crypt csv ctypes
    curses dataclasses datetime dbm decimal def del difflib dis distutils doctest elif else email encodings ensurepip
    enum errno except faulthandler fcntl filecmp fileinput filelock finally fnmatch for fractions from fsspec ftplib
    functools gc genericpath getopt getpass gettext glob global graphlib grp gzip hashlib heapq hmac html http idlelib
    if imaplib imghdr imp import importlib in iniconfig inspect io ipaddress is itertools jinja2 json keyword lambda
    lib2to3 linecache locale logging lzma mailbox mailcap markupsafe marshal math mimetypes mmap modulefinder mpmath
    msilib msvcrt multiprocessing netrc networkx nis nntplib nonlocal not nt ntpath nturl2path numbers numpy opcode
    operator optparse or os ossaudiodev packaging pass pathlib pdb pickle pickletools pipes pkgutil platform plistlib
    pluggy poplib posix posixpath pprint profile pstats pty pwd py py_compile pyclbr pydoc pydoc_data pyexpat pygments
    pytest queue quopri raise random re readline reprlib resource return rlcompleter runpy sched secrets select
    selectors setuptools shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3
    sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau symtable sympy
    sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios test tests textwrap this threading time timeit
    tkinter token tokenize tomllib torch trace traceback tracemalloc triton try tty turtle turtledemo types typing
    unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser while winreg winsound with wsgiref
    xdrlib xml xmlrpc yield zipapp zipfile zipimport zlib zoneinfo";

/// A name for the package of a curriculum: its id, unless that means something else.
pub fn package(id: &str) -> String {
    let name = snake(id);
    if TAKEN.split_whitespace().any(|taken| taken == name) {
        format!("{name}_course")
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_hides_no_module_that_is_needed() {
        for (id, name) in [
            ("linear-algebra", "linear_algebra"),
            ("statistics", "statistics_course"),
            ("tests", "tests_course"),
            ("class", "class_course"),
        ] {
            assert_eq!(package(id), name);
        }
    }
}

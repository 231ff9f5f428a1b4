# SPDX-FileCopyrightText: The Strata authors
# SPDX-License-Identifier: Apache-2.0
"""Answers many "apt-get install" questions with one start of apt's library.

Arguments are apt's options, "Name=value". Each line of the input is a list of
words in JSON, as apt-get install takes them; each line of the output is apt's
answer to one. The cache is opened once, and every question is asked in a child
process, which finds the packages as they were at the start. The library is the
one that apt-get runs; the test asks apt-get itself now and then.
"""

import json
import os
import sys

import apt_pkg


class Failure(Exception):
    """apt would refuse."""


def find_version(cache, depcache, word):
    """Returns a package, a version, and a suite or None."""
    suite = None
    version = None
    name = word
    if "=" in name:
        name, version = name.split("=", 1)
    elif "/" in name:
        name, suite = name.split("/", 1)
    try:
        package = cache[name]
    except KeyError:
        raise Failure("no package " + name)
    if not package.has_versions and not package.has_provides:
        raise Failure("no candidate for " + name)
    if version is not None or suite is not None:
        for ver in package.version_list:
            if ver.ver_str == version:
                return package, ver, None
            for file, _ in ver.file_list:
                if suite is not None and suite in (file.archive, file.codename):
                    return package, ver, suite
        raise Failure("no such version: " + word)
    ver = depcache.get_candidate_ver(package)
    if ver is not None:
        return package, ver, None
    owners = {}
    for _, _, ver in package.provides_list:
        if depcache.get_candidate_ver(ver.parent_pkg) == ver:
            owners[ver.parent_pkg.id] = ver
    if len(owners) != 1:
        raise Failure("virtual package " + name)
    (ver,) = owners.values()
    return ver.parent_pkg, ver, None


def answer(cache, depcache, words):
    """Does what apt-get does with its words; returns what it would print."""
    fixer = apt_pkg.ProblemResolver(depcache)
    with apt_pkg.ActionGroup(depcache):
        remove = [cache[w[:-1]] for w in words if w.endswith("-") and w not in cache]
        wanted = [find_version(cache, depcache, w) for w in words if not w.endswith("-") or w in cache]
        if depcache.broken_count:
            raise Failure("the base is broken")
        for package in remove:
            fixer.clear(package)
            fixer.protect(package)
            fixer.remove(package)
            depcache.mark_delete(package)
        for package, ver, _ in wanted:
            depcache.set_candidate_ver(package, ver)
            fixer.clear(package)
            fixer.protect(package)
            depcache.mark_install(package, False, True)
        for package, ver, suite in wanted:
            if suite is not None:
                depcache.set_candidate_ver(package, ver)
        for package, ver, suite in wanted:
            if suite is not None:
                depcache.set_candidate_release(package, ver, suite)
        for package, _, _ in sorted(wanted, key=lambda w: w[0].id):
            depcache.mark_install(package, True, True)
        # apt-get always calls it; it changes nothing when nothing is broken.
        try:
            if depcache.broken_count:
                fixer.resolve(True)
        except apt_pkg.Error as err:
            raise Failure(str(err))
        if depcache.broken_count:
            raise Failure("broken packages remain")
    result = {"install": {}, "remove": []}
    left = depcache.inst_count + depcache.del_count
    for package in cache.packages:
        if left == 0:
            break
        if depcache.marked_keep(package):
            continue
        left -= 1
        if package.current_ver is None and depcache.is_garbage(package):
            continue
        if package.selected_state == apt_pkg.SELSTATE_HOLD:
            raise Failure("held packages were changed")
        if depcache.marked_delete(package):
            result["remove"].append(package.get_fullname(True))
        elif depcache.marked_install(package) or depcache.marked_upgrade(package) or depcache.marked_downgrade(package):
            result["install"][package.get_fullname(True)] = depcache.get_candidate_ver(package).ver_str
    return result


def main():
    apt_pkg.init_config()
    for option in sys.argv[1:]:
        name, value = option.split("=", 1)
        apt_pkg.config.set(name, value)
    apt_pkg.init_system()
    cache = apt_pkg.Cache(None)
    depcache = apt_pkg.DepCache(cache)
    depcache.init()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                result = answer(cache, depcache, json.loads(line))
            except Failure as err:
                result = {"failed": True, "reason": str(err)}
            sys.stdout.write(json.dumps(result) + "\n")
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status != 0:
            sys.exit("a child ended with status %d" % status)


main()

# SPDX-License-Identifier: Apache-2.0
# cmake -DFOLDER=... -P empty_folder.cmake: the folder is there, and empty.
file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")

// A disk with a volatile cache, for one process, by LD_PRELOAD.
//
// The process writes below POWERCUT_LIVE as always and reads its own writes there. Beside it, this
// shim keeps POWERCUT_DURABLE: the same files as they would be found after the power went out, which
// is what had been synced and nothing else. The rig stops the process, kills it, and puts the
// durable folder in the live one's place.
//
// The model, where it must choose:
// - A write, or a change of length, is durable from the moment a sync of that file returns, never sooner.
// - A file exists durably from its first sync on (a new file's sync also keeps its name, as ext4,
//   XFS and btrfs do).
// - rename and unlink are durable at once; a renamed file brings only the contents that were synced.
// - A shared writable mapping of anything but SQLite's -shm index, which is no durable state, ends
//   the process: its writes could not be seen here.
// - The real sync is left out: after a kill the page cache is intact, and the durable folder is the judge.
//
// A file is known by its device and inode, so a descriptor may come from anywhere (dup, openat2, …).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct range {
  off_t start, end;
};

struct file {
  dev_t device;
  ino_t inode;
  int tracked;          // lies below the live folder
  char name[PATH_MAX];  // relative to the live folder
  off_t shortest;       // the least length since the last sync; LLONG_MAX when it never shrank
  struct range *dirty;
  size_t count, room;
};

static char live[PATH_MAX], durable[PATH_MAX];
static struct file *files;
static size_t file_count, file_room;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// The C library's own function behind the one defined here.
#define REAL(name) ((__typeof__(&name))real_function(#name))

static void *real_function(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}

static void die(const char *why, const char *what) {
  dprintf(2, "powercut shim: %s: %s (%s)\n", why, what, strerror(errno));
  abort();
}

__attribute__((constructor)) static void begin(void) {
  const char *from = getenv("POWERCUT_LIVE"), *to = getenv("POWERCUT_DURABLE");
  if (!from || !to || !realpath(from, live) || !realpath(to, durable)) live[0] = 0;
}

static const char *below_live(const char *path) {
  size_t length = strlen(live);
  if (!length || strncmp(path, live, length) || path[length] != '/') return NULL;
  return path + length + 1;
}

// The absolute path of a name that may not exist (its folder must), or an empty text.
static void absolute(int folder, const char *path, char *out) {
  char joined[PATH_MAX], parent[PATH_MAX];
  out[0] = 0;
  if (path[0] == '/' || folder == AT_FDCWD) {
    snprintf(joined, sizeof joined, "%s", path);
  } else {
    char link[64], base[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return;
    base[length] = 0;
    if ((size_t)snprintf(joined, sizeof joined, "%s/%s", base, path) >= sizeof joined) return;
  }
  char *slash = strrchr(joined, '/');
  const char *last = slash ? slash + 1 : joined;
  if (slash == joined) {
    strcpy(parent, "/");
  } else if (slash) {
    *slash = 0;
    if (!realpath(joined, parent)) return;
  } else if (!realpath(".", parent)) {
    return;
  }
  if ((size_t)snprintf(out, PATH_MAX, "%s/%s", parent, last) >= PATH_MAX) out[0] = 0;
}

static struct file *known(dev_t device, ino_t inode) {
  for (size_t i = 0; i < file_count; i++)
    if (files[i].device == device && files[i].inode == inode) return &files[i];
  return NULL;
}

static void forget(dev_t device, ino_t inode) {
  struct file *file = known(device, inode);
  if (!file) return;
  free(file->dirty);
  *file = files[--file_count];
}

// The file behind a descriptor if it is one of ours. The lock is held.
static struct file *of(int fd) {
  struct stat about;
  if (!live[0] || fstat(fd, &about) || !S_ISREG(about.st_mode)) return NULL;
  struct file *file = known(about.st_dev, about.st_ino);
  if (!file) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    if (file_count == file_room) {
      file_room = file_room ? 2 * file_room : 64;
      files = realloc(files, file_room * sizeof *files);
      if (!files) abort();
    }
    file = &files[file_count++];
    memset(file, 0, sizeof *file);
    file->device = about.st_dev;
    file->inode = about.st_ino;
    file->shortest = LLONG_MAX;
    const char *name = below_live(path);
    file->tracked = name != NULL;
    if (name) snprintf(file->name, sizeof file->name, "%s", name);
  }
  return file->tracked ? file : NULL;
}

static void shadow(const struct file *file, char *out) {
  if ((size_t)snprintf(out, PATH_MAX, "%s/%s", durable, file->name) >= PATH_MAX) abort();
}

static void note(struct file *file, off_t start, off_t length) {
  if (length <= 0) return;
  if (file->count && file->dirty[file->count - 1].end == start) {
    file->dirty[file->count - 1].end += length;
    return;
  }
  if (file->count == file->room) {
    file->room = file->room ? 2 * file->room : 64;
    file->dirty = realloc(file->dirty, file->room * sizeof *file->dirty);
    if (!file->dirty) abort();
  }
  file->dirty[file->count++] = (struct range){start, start + length};
}

static void shrank(struct file *file, off_t length) {
  if (length < file->shortest) file->shortest = length;
}

static void copy_range(int from, int to, struct range range) {
  char buffer[1 << 16];
  while (range.start < range.end) {
    size_t wanted = sizeof buffer;
    if (range.end - range.start < (off_t)wanted) wanted = range.end - range.start;
    ssize_t got = pread(from, buffer, wanted, range.start);
    if (got <= 0) return;  // cut off by a later truncation
    if (REAL(pwrite64)(to, buffer, got, range.start) != got) die("write", "durable file");
    range.start += got;
  }
}

// Everything written to a file so far becomes durable. The lock is held.
static void settle(int fd, struct file *file) {
  char path[PATH_MAX], source[64];
  struct stat about;
  shadow(file, path);
  if (fstat(fd, &about)) die("stat", file->name);
  snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
  // The descriptor may be write-only, so the contents are read through one of our own.
  int from = REAL(open64)(source, O_RDONLY | O_CLOEXEC);
  int to = REAL(open64)(path, O_WRONLY | O_CREAT | O_CLOEXEC, about.st_mode & 0777);
  if (from < 0 || to < 0) die("open", path);
  struct stat before;
  if (fstat(to, &before)) die("stat", path);
  if (file->shortest < before.st_size && REAL(ftruncate64)(to, file->shortest)) die("truncate", path);
  if (REAL(ftruncate64)(to, about.st_size)) die("truncate", path);
  for (size_t i = 0; i < file->count; i++) copy_range(from, to, file->dirty[i]);
  file->count = 0;
  file->shortest = LLONG_MAX;
  REAL(close)(from);
  REAL(close)(to);
}

static int sync_file(int fd, int (*real)(int)) {
  pthread_mutex_lock(&lock);
  struct file *file = of(fd);
  if (file) settle(fd, file);
  pthread_mutex_unlock(&lock);
  return file ? 0 : real(fd);
}

int fsync(int fd) { return sync_file(fd, REAL(fsync)); }
int fdatasync(int fd) { return sync_file(fd, REAL(fdatasync)); }

// Writes. The call is made under the lock, so that a sync on another thread sees all of it or none.

#define WRITES(fd, call, start_after)                     \
  pthread_mutex_lock(&lock);                              \
  struct file *file = of(fd);                             \
  ssize_t done = call;                                    \
  int problem = errno;                                    \
  if (file && done > 0) note(file, start_after, done);    \
  pthread_mutex_unlock(&lock);                            \
  errno = problem;                                        \
  return done

// Sockets and pipes may block for long: they are not written under the lock.
static int is_regular(int fd) {
  struct stat about;
  return live[0] && !fstat(fd, &about) && S_ISREG(about.st_mode);
}

ssize_t write(int fd, const void *data, size_t size) {
  if (!is_regular(fd)) return REAL(write)(fd, data, size);
  WRITES(fd, REAL(write)(fd, data, size), lseek(fd, 0, SEEK_CUR) - done);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (!is_regular(fd)) return REAL(writev)(fd, parts, count);
  WRITES(fd, REAL(writev)(fd, parts, count), lseek(fd, 0, SEEK_CUR) - done);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  WRITES(fd, REAL(pwrite)(fd, data, size, at), at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  WRITES(fd, REAL(pwrite64)(fd, data, size, at), at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  WRITES(fd, REAL(pwritev)(fd, parts, count, at), at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  WRITES(fd, REAL(pwritev64)(fd, parts, count, at), at);
}

static int cut_to(int fd, off_t length, int (*real)(int, off_t)) {
  pthread_mutex_lock(&lock);
  struct file *file = of(fd);
  int result = real(fd, length), problem = errno;
  if (file && !result) shrank(file, length);
  pthread_mutex_unlock(&lock);
  errno = problem;
  return result;
}

int ftruncate(int fd, off_t length) { return cut_to(fd, length, REAL(ftruncate)); }
int ftruncate64(int fd, off64_t length) { return cut_to(fd, length, REAL(ftruncate64)); }

// Copies inside the kernel: refused for our files, whose writers then fall back to read and write.

static int is_ours(int fd) {
  pthread_mutex_lock(&lock);
  int ours = of(fd) != NULL;
  pthread_mutex_unlock(&lock);
  return ours;
}

ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size, unsigned flags) {
  if (!is_ours(out)) return REAL(copy_file_range)(in, from, out, to, size, flags);
  errno = ENOSYS;
  return -1;
}

ssize_t sendfile(int out, int in, off_t *from, size_t size) {
  if (!is_ours(out)) return REAL(sendfile)(out, in, from, size);
  errno = EINVAL;
  return -1;
}

ssize_t sendfile64(int out, int in, off64_t *from, size_t size) {
  if (!is_ours(out)) return REAL(sendfile64)(out, in, from, size);
  errno = EINVAL;
  return -1;
}

static void check_mapping(int protection, int flags, int fd) {
  if (fd < 0 || !(flags & MAP_SHARED) || !(protection & PROT_WRITE)) return;
  pthread_mutex_lock(&lock);
  struct file *file = of(fd);
  size_t length = file ? strlen(file->name) : 0;
  if (file && (length < 4 || strcmp(file->name + length - 4, "-shm"))) die("a writable mapping of", file->name);
  pthread_mutex_unlock(&lock);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  check_mapping(protection, flags, fd);
  return REAL(mmap)(at, size, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset) {
  check_mapping(protection, flags, fd);
  return REAL(mmap64)(at, size, protection, flags, fd, offset);
}

// Opening: only O_TRUNC changes contents.

static int opened(int fd, int flags) {
  if (fd < 0 || !(flags & O_TRUNC)) return fd;
  pthread_mutex_lock(&lock);
  struct file *file = of(fd);
  if (file) shrank(file, 0);
  pthread_mutex_unlock(&lock);
  return fd;
}

#define MODE(flags)                                \
  mode_t mode = 0;                                 \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {         \
    va_list list;                                  \
    va_start(list, flags);                         \
    mode = va_arg(list, mode_t);                   \
    va_end(list);                                  \
  }

int open(const char *path, int flags, ...) {
  MODE(flags)
  return opened(REAL(open)(path, flags, mode), flags);
}

int open64(const char *path, int flags, ...) {
  MODE(flags)
  return opened(REAL(open64)(path, flags, mode), flags);
}

int openat(int folder, const char *path, int flags, ...) {
  MODE(flags)
  return opened(REAL(openat)(folder, path, flags, mode), flags);
}

int openat64(int folder, const char *path, int flags, ...) {
  MODE(flags)
  return opened(REAL(openat64)(folder, path, flags, mode), flags);
}

// Names.

static void durable_path(int folder, const char *path, char *out) {
  char whole[PATH_MAX];
  absolute(folder, path, whole);
  const char *name = below_live(whole);
  out[0] = 0;
  if (name && (size_t)snprintf(out, PATH_MAX, "%s/%s", durable, name) >= PATH_MAX) out[0] = 0;
}

static int remove_name(int folder, const char *path, int flags) {
  struct stat about;
  char shadowed[PATH_MAX];
  pthread_mutex_lock(&lock);
  int there = !fstatat(folder, path, &about, AT_SYMLINK_NOFOLLOW);
  durable_path(folder, path, shadowed);
  int result = REAL(unlinkat)(folder, path, flags), problem = errno;
  if (!result && there && about.st_nlink <= 1) forget(about.st_dev, about.st_ino);
  if (!result && shadowed[0]) REAL(unlinkat)(AT_FDCWD, shadowed, flags);
  pthread_mutex_unlock(&lock);
  errno = problem;
  return result;
}

int unlink(const char *path) { return remove_name(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return remove_name(folder, path, flags); }

static int move_name(int from_folder, const char *from, int to_folder, const char *to) {
  struct stat about, replaced;
  char shadow_from[PATH_MAX], shadow_to[PATH_MAX], whole[PATH_MAX];
  pthread_mutex_lock(&lock);
  durable_path(from_folder, from, shadow_from);
  durable_path(to_folder, to, shadow_to);
  int there = !fstatat(to_folder, to, &replaced, AT_SYMLINK_NOFOLLOW);
  int result = REAL(renameat)(from_folder, from, to_folder, to), problem = errno;
  if (!result) {
    if (there && replaced.st_nlink <= 1) forget(replaced.st_dev, replaced.st_ino);
    absolute(to_folder, to, whole);
    const char *name = below_live(whole);
    struct file *file = NULL;
    if (!fstatat(to_folder, to, &about, AT_SYMLINK_NOFOLLOW)) file = known(about.st_dev, about.st_ino);
    if (file && name) snprintf(file->name, sizeof file->name, "%s", name);
    if (file) file->tracked = name != NULL;
    if (shadow_to[0]) {
      // Never synced: the new name stands for an empty file, as after a real cut.
      if (!shadow_from[0] || REAL(renameat)(AT_FDCWD, shadow_from, AT_FDCWD, shadow_to)) {
        int fd = REAL(open64)(shadow_to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd >= 0) REAL(close)(fd);
      }
    } else if (shadow_from[0]) {
      REAL(unlinkat)(AT_FDCWD, shadow_from, 0);
    }
  }
  pthread_mutex_unlock(&lock);
  errno = problem;
  return result;
}

int rename(const char *from, const char *to) { return move_name(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  return move_name(from_folder, from, to_folder, to);
}

static int make_folder(int folder, const char *path, mode_t mode) {
  char shadowed[PATH_MAX];
  int result = REAL(mkdirat)(folder, path, mode), problem = errno;
  durable_path(folder, path, shadowed);
  if (!result && shadowed[0]) REAL(mkdirat)(AT_FDCWD, shadowed, mode);
  errno = problem;
  return result;
}

int mkdir(const char *path, mode_t mode) { return make_folder(AT_FDCWD, path, mode); }
int mkdirat(int folder, const char *path, mode_t mode) { return make_folder(folder, path, mode); }

namespace Mfn.Client.Files;

/// <summary>
/// Writes a file so that it is there whole or as it was before: under another name beside it, then renamed. A symbolic link stays, and what it leads
/// to is written; permissions stay. Whatever is no regular file is left alone.
/// </summary>
public static class FileReplacement
{
    /// <summary>Why a path cannot be written, as the end of a sentence about it; null if nothing speaks against it.</summary>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public static string? FindProblem(string path)
    {
        var (target, kind) = FollowedPath.Resolve(path);
        return kind switch
        {
            FileKind.Regular => null,
            FileKind.Missing => Directory.Exists(Path.GetDirectoryName(target)) ? null : "it is in a folder that does not exist",
            FileKind.Folder => "it is a folder",
            FileKind.TooLong => "its name is longer than the system allows",
            FileKind.Unreachable => "its links lead round in a circle, or through something that is no folder",
            _ => "it is a device, a pipe or a socket and no regular file",
        };
    }

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file, or a link to it; neither need exist, but the folder must.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="mode">The permissions that it gets, except on Windows; null for those that it has, or that new files get.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="IOException">The file cannot be written; it is as it was before.</exception>
    public static void Write(string path, Action<Stream> write, UnixFileMode? mode = null)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var replacement = new PendingFile(path, mode);
        Attempt(path, () =>
        {
            write(replacement.Stream);
            replacement.Complete();
        });
    }

    /// <summary>Does a part of writing a <see cref="PendingFile"/>.</summary>
    /// <param name="path">The file that an exception names, since the one under another name says nothing to anybody.</param>
    /// <param name="write">The part.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Attempt(string path, Action write)
    {
        ArgumentNullException.ThrowIfNull(write);
        try
        {
            write();
        }
        catch (Exception error) when (IsFailure(error))
        {
            throw Failure(path, error.Message, error);
        }
    }

    /// <summary>Writes a file of two parts.</summary>
    /// <inheritdoc cref="Write(string, Action{Stream}, UnixFileMode?)"/>
    public static void Write(string path, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest)
    {
        using var replacement = new PendingFile(path);
        try
        {
            replacement.Stream.Write(head);
            replacement.Stream.Write(rest);
            replacement.Complete();
        }
        catch (Exception error) when (IsFailure(error))
        {
            throw Failure(path, error.Message, error);
        }
    }

    /// <inheritdoc cref="Write(string, Action{Stream}, UnixFileMode?)"/>
    public static async Task<T> WriteAsync<T>(string path, Func<Stream, Task<T>> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var replacement = new PendingFile(path);
        try
        {
            var result = await write(replacement.Stream);
            replacement.Complete();
            return result;
        }
        catch (Exception error) when (IsFailure(error))
        {
            throw Failure(path, error.Message, error);
        }
    }

    /// <summary>A file over the limit of its size is reported as an argument out of range.</summary>
    internal static bool IsFailure(Exception error) => error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;

    internal static IOException Failure(string path, string reason, Exception? cause) => new($"'{path}' cannot be written: {reason}", cause);
}

namespace Mfn.Server.Storage;

/// <summary>A run's files are not what a server has left of them, whatever happened to it: the run is left alone.</summary>
internal sealed class RunDamagedException(string path, string problem, long? position = null, Exception? innerException = null)
    : Exception(Say(path, problem, position), innerException)
{
    /// <summary>The file or directory that is damaged, or that contradicts another one.</summary>
    public string Path { get; } = path;

    /// <summary>The byte of the file from which on it cannot be read; null if there is none such.</summary>
    public long? Position { get; } = position;

    /// <summary>What is wrong, in one line, with the file's name but not its directories: fit to be told to a client.</summary>
    public string Reason { get; } = Say(System.IO.Path.GetFileName(path), problem, position);

    private static string Say(string path, string problem, long? position) => position is { } at
        ? $"{path} cannot be read on at byte {at}: {problem}."
        : $"{path} {problem}.";
}

using Google.Protobuf;

namespace Mfn.Cli.Runs;

/// <summary>A file that keeps where a watcher is: the token of the last event that it has shown.</summary>
internal sealed class PositionFile(string path)
{
    /// <summary>Where it is.</summary>
    public string Path => path;

    /// <summary>The token; none if the file is not there.</summary>
    /// <exception cref="BadArgumentsException">The file holds none.</exception>
    public ByteString? Read()
    {
        try
        {
            return File.Exists(path) ? ByteString.FromBase64(File.ReadAllText(path).Trim()) : null;
        }
        catch (FormatException)
        {
            throw new BadArgumentsException($"--resume must be a file that mfn run watch wrote, but '{path}' is none.");
        }
    }

    /// <summary>Keeps the token.</summary>
    public void Write(ByteString token)
    {
        var partial = $"{path}.{Guid.NewGuid():N}.partial";
        File.WriteAllText(partial, token.ToBase64() + "\n");
        File.Move(partial, path, overwrite: true);
    }
}

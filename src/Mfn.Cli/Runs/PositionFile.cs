using System.Text;
using Google.Protobuf;
using Mfn.Client.Files;

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
            return ByteString.FromBase64(File.ReadAllText(path).Trim());
        }
        catch (FileNotFoundException)
        {
            // A link to a file that is not there yet is none either.
            return null;
        }
        catch (FormatException)
        {
            throw new BadArgumentsException($"--resume must be a file that mfn run watch wrote, but '{path}' is none.");
        }
    }

    /// <summary>Keeps the token.</summary>
    /// <exception cref="IOException">The file cannot be written; it is as it was before.</exception>
    public void Write(ByteString token) => FileReplacement.Write(path, Encoding.ASCII.GetBytes($"{token.ToBase64()}\n"), []);
}

using System.CommandLine;

namespace Mfn.Cli;

/// <summary>A file that a command will write, checked before the work rather than after it.</summary>
internal static class OutputFile
{
    /// <exception cref="BadArgumentsException">The path is a folder, or in a folder that does not exist.</exception>
    public static string? Read(ParseResult arguments, Option<string?> option)
    {
        if (arguments.GetValue(option) is not { } path)
        {
            return null;
        }

        var full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            throw new BadArgumentsException($"{option.Name} must be a file, but '{path}' is a folder.");
        }

        if (!Directory.Exists(Path.GetDirectoryName(full)))
        {
            throw new BadArgumentsException($"{option.Name} must be in an existing folder, but '{path}' is not.");
        }

        return path;
    }
}

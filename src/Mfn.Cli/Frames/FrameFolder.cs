using System.Globalization;

namespace Mfn.Cli.Frames;

/// <summary>A folder with a file a frame.</summary>
internal static class FrameFolder
{
    /// <summary>Makes the folder that an option names, unless it is there. The folder that it is in must be there: a slip makes no trees.</summary>
    /// <exception cref="BadArgumentsException">It cannot be made.</exception>
    public static string Create(string optionName, string path)
    {
        try
        {
            var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
            if (Path.GetDirectoryName(full) is { } parent && !Directory.Exists(parent))
            {
                throw new BadArgumentsException($"{optionName} must be a folder, or a new one in an existing folder, but '{path}' is not: there is no '{parent}'.");
            }

            Directory.CreateDirectory(full);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BadArgumentsException($"{optionName} must be a folder: {error.Message}");
        }

        OutputFile.RequireWritable(optionName, Path.Join(path, "step"));
        return path;
    }

    /// <summary>The file of a frame, so named that an order by name is the order of the frames.</summary>
    public static string FileOf(string folder, FieldFrame frame, string extension) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"step-{frame.Step:D10}-{frame.Revision:D4}.{extension}"));
}

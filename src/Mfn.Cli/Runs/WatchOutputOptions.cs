using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Frames;
using Mfn.Cli.Pictures;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>The options that say which files the frames of a watched run are written to.</summary>
internal sealed class WatchOutputOptions
{
    private const string NpyExtension = ".npy";
    private const string Npy = "npy";
    private const string Png = "png";

    private readonly Option<string?> _output = new("--out")
    {
        Description = "Write each frame's field to a file in this folder; or all of them to one NPY file, if the name ends in .npy.",
        HelpName = "FOLDER|FILE.npy",
    };

    private readonly Option<string?> _format = ChoiceOption.Create("--format", "What to write into a folder: NPY files of doubles, or PNG pictures. Default: npy.", [Npy, Png]);

    private readonly PictureOptions _pictures = new("Default: all for pictures; each on the terminal.");

    public void AddTo(Command command)
    {
        command.Add(_output);
        command.Add(_format);
        _pictures.AddTo(command);
    }

    /// <summary>Notes options that would have no effect.</summary>
    public void RequireUsable(ParseResult arguments, bool draws, List<string> problems) => arguments.RequireFor(
        draws || WritesPictures(arguments), $"where there are colours: on a terminal without --json, or with {_format.Name} {Png}", problems, _pictures.Range);

    /// <summary>Which colours the user has chosen, for pictures or the terminal.</summary>
    public RangeRule? Range(ParseResult arguments) => arguments.GetValue(_pictures.Range);

    /// <summary>Whether pictures are written.</summary>
    public bool WritesPictures(ParseResult arguments) => arguments.GetValue(_format) == Png;

    /// <summary>The encoding that the files need; none without files.</summary>
    public FieldEncoding? Encoding(ParseResult arguments) =>
        arguments.GetValue(_output) is null ? null : WritesPictures(arguments) ? FieldEncoding.Float32 : FieldEncoding.Float64;

    /// <summary>The files, if there are to be any.</summary>
    /// <exception cref="BadArgumentsException">They cannot be written, or the options contradict one another.</exception>
    public IFrameOutput? Open(ParseResult arguments, WatchRunRequest request, PictureTexts texts)
    {
        var path = arguments.GetValue(_output);
        var isStack = path?.EndsWith(NpyExtension, StringComparison.OrdinalIgnoreCase) == true;
        if (arguments.GetValue(_format) is not null && (path is null || isStack))
        {
            throw new BadArgumentsException($"{_format.Name} is only for {_output.Name} FOLDER.");
        }

        var style = _pictures.Read(arguments, WritesPictures(arguments), $"{_format.Name} {Png}");
        if (isStack && request.Delivery == Delivery.Degrade)
        {
            throw new BadArgumentsException($"--delivery degrade makes frames smaller, which {_output.Name} FILE.npy cannot hold.");
        }

        return path is null ? null
            : isStack ? new NpyStack(OutputFile.Check(_output.Name, path))
            : WritesPictures(arguments) ? new PictureFolder(FrameFolder.Create(_output.Name, path), style, texts)
            : new NpyFolder(FrameFolder.Create(_output.Name, path));
    }
}

using System.Buffers.Binary;
using System.CommandLine;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Mfn.Cli;
using Mfn.Client;
using Mfn.Client.Npy;
using Mfn.Contracts.V1;
using Mfn.Core.Gallery;
using Mfn.Server.Pictures;

namespace Mfn.Server.Tests.Cli;

/// <summary>Pictures and arrays as the beginning and the mask of a simulation, and the features of its pattern.</summary>
public sealed class PatternFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-pattern-files-");

    [Fact]
    public void ReadFields_Picture_IsBetweenTheTwoConcentrationsAsBrightAsItIs()
    {
        var path = Write("grey.png", 4, 5, (row, column) => (byte)((row * 60) + column));

        var (spec, fields) = Read("--kinetics", "gray-scott", "--initial", path);

        Assert.Equal((4, 5, 2), (spec.Domain.Rows, spec.Domain.Columns, fields.Count));
        for (var i = 0; i < 20; i++)
        {
            var level = ((i / 5 * 60) + (i % 5)) / 255.0;
            Assert.Equal(1 + ((0.5 - 1) * level), fields[0].ToCells()[i], 1e-15);
            Assert.Equal(0.25 * level, fields[1].ToCells()[i], 1e-15);
        }

        var (_, others) = Read("--kinetics", "schnakenberg", "--initial", path, "--initial-uniform", "3", "--initial-inside", "1,2");
        Assert.Equal((3, 3), (others[0].ToCells()[0], others[1].ToCells()[0]));
        Assert.Equal(3 - (2 * 184 / 255.0), others[0].ToCells()[^1], 1e-15);
        Assert.Equal(3 - (184 / 255.0), others[1].ToCells()[^1], 1e-15);
    }

    [Fact]
    public void Read_PictureAsMask_LetsBrightCellsTakePart()
    {
        var path = Write("mask.png", 4, 6, (row, column) => column >= row ? (byte)128 : (byte)127);

        var spec = Read("--kinetics", "barkley", "--mask", path).Spec;

        Assert.Equal((4, 6), (spec.Domain.Rows, spec.Domain.Columns));
        Assert.Equal([0b11111101, 0b11110011, 0b11000111], spec.Domain.Mask.ToByteArray());
    }

    [Fact]
    public void Read_ArrayWithoutRowsAndColumns_GivesThem()
    {
        var path = Path.Combine(_folder.FullName, "begin.npy");
        NpyFile.Write(path, [.. Enumerable.Range(0, 2 * 6 * 5).Select(i => (double)i)], 2, 6, 5);

        var (spec, fields) = Read("--kinetics", "gray-scott", "--initial", path);
        Assert.Equal((6, 5), (spec.Domain.Rows, spec.Domain.Columns));
        Assert.Equal([.. Enumerable.Range(30, 30).Select(i => (double)i)], fields[1].ToCells());
        Assert.Equal((7, false), (Read("--kinetics", "gray-scott", "--initial", path, "--rows", "7").Spec.Domain.Rows, Read("--kinetics", "gray-scott", "--rows", "7").Spec.Domain.HasColumns));
    }

    /// <summary>What nobody gave is the preset's, also of what takes a list.</summary>
    [Fact]
    public void Read_ShapeAlone_KeepsThePresetsConcentration()
    {
        var shaped = PresetGallery.All.First(preset => preset.Pattern.Initial.Uniform is { } uniform && uniform[0] is not (0 or 1));
        var kept = Read("--preset", shaped.Name, "--initial-shape", "centre", "--initial-inside", "0,1", "--initial-size", "3").Spec;

        Assert.Equal(shaped.Pattern.Initial.Uniform!.Value, kept.Initial.Uniform);
        Assert.Equal(InitialShape.Centre, kept.Initial.Shape);
    }

    [Theory]
    [InlineData("--initial PICTURE --initial-shape patches --initial-noise 1", "--initial-shape, --initial-noise: only without --initial.")]
    [InlineData("--initial PICTURE --initial-uniform 1,2,3", "--initial-uniform must be a number, or two with a comma between, but was '1,2,3'.")]
    [InlineData("--initial ARRAY --initial-uniform 1 --initial-inside 2", "--initial-uniform, --initial-inside: only with a picture as --initial.")]
    [InlineData("--initial-inside 2", "--initial-inside: only with --initial-shape or --initial.")]
    [InlineData("--initial CUT", "'CUT' is a damaged picture: it is cut off.")]
    [InlineData("--mask FLIPPED", "'FLIPPED' is a damaged picture: the checksum of its chunk IDAT must be ")]
    [InlineData("--initial WIDE", "'WIDE' must have at most 16777216 pixels in 268435456 bytes, but has 100000 x 1000 in ")]
    [InlineData("--initial TEXT", "'TEXT' cannot be used: it is not an NPY file.")]
    [InlineData("--initial PICTURE --rows 8", "--initial: must be 8 x 128, but was 4 x 5.")]
    [InlineData("--spot-threshold 1 --spot-connectivity 4", "--spot-threshold, --spot-connectivity: only with --pattern-features.")]
    [InlineData("--pattern-features --spot-connectivity 6", "--spot-connectivity must be 4 or 8, but was 6.")]
    public async Task Simulate_WhatCannotBe_IsRefusedWithTheReason(string arguments, string reason)
    {
        var picture = Write("PICTURE", 4, 5, (_, _) => 9);
        var bytes = await File.ReadAllBytesAsync(picture);
        NpyFile.Write(Path.Combine(_folder.FullName, "ARRAY"), new double[2 * 16], 2, 4, 4);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "TEXT"), "a text");
        await File.WriteAllBytesAsync(Path.Combine(_folder.FullName, "CUT"), bytes[..^20]);
        await File.WriteAllBytesAsync(Path.Combine(_folder.FullName, "FLIPPED"), [.. bytes[..^17], (byte)(bytes[^17] ^ 1), .. bytes[^16..]]);
        Write("WIDE", 1000, 100_000, (_, _) => 0, isEmpty: true);
        string[] names = ["PICTURE", "ARRAY", "TEXT", "CUT", "FLIPPED", "WIDE"];

        var (exitCode, output, error) = await InProcess.RunAsync(
            ["simulate", "--kinetics", "gray-scott", .. arguments.Split(' ').Select(word => names.Contains(word) ? Path.Combine(_folder.FullName, word) : word)]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(reason, error.Replace(_folder.FullName + Path.DirectorySeparatorChar, "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SimulateAndWatch_PatternFeatures_AreTold()
    {
        await using var server = await TestServer.StartAsync();
        string[] spec = ["--kinetics", "brusselator:A=1,B=3,Du=1,Dv=0.1", "--cell-width", "2", "--rows", "16", "--columns", "12", "--time-step", "0.01", "--steps", "3000", "--initial-uniform", "1,1", "--initial-noise", "0.01"];

        var (exitCode, output, error) = await InProcess.RunAsync(["simulate", .. spec, "--pattern-features", "--spot-threshold", "1.5", "--spot-connectivity", "8", "--json", "-q"]);
        Assert.Equal((0, ""), (exitCode, error));
        var features = JsonDocument.Parse(output).RootElement.GetProperty("pattern_features");
        Assert.Equal((1.5, "pattern-1.0"), (features.GetProperty("threshold").GetDouble(), features.GetProperty("definition_version").GetString()));

        // The limit cycle of A 1, B 3: 7.16.
        Assert.InRange(features.GetProperty("oscillation_period").GetDouble(), 0.97 * 7.16, 1.03 * 7.16);
        Assert.True(features.GetProperty("spots").GetInt32() >= 0 && features.GetProperty("mean_wavelength").GetDouble() > 2);

        (exitCode, output, _) = await InProcess.RunAsync(["simulate", .. spec, "--pattern-features", "-o", "table"]);
        Assert.Equal(0, exitCode);
        Assert.Matches(@"wavelength [0-9.]+ \(spread [0-9.]+, peak [0-9.]+\), \d+ spots? above [0-9.]+, [0-9.]+ % of the area.*, period 7\.\d+", output);

        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = Read(spec).Spec });
        (exitCode, output, _) = await InProcess.RunAsync("run", "watch", run.RunId, "--from-step", "0", "--every", "1000", "--count", "2", "--pattern-features", "--json", "-q", "--server", $"{server.Address}");
        Assert.Equal(0, exitCode);
        var watched = output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).First(each => each.GetProperty("kind").GetString() == "frame").GetProperty("pattern_features");
        Assert.Equal(JsonValueKind.Null, watched.GetProperty("oscillation_period").ValueKind);
        Assert.InRange(watched.GetProperty("area_fraction").GetDouble(), 0, 1);
        (_, output, _) = await InProcess.RunAsync("run", "watch", run.RunId, "--from-step", "0", "--every", "1000", "--count", "2", "--pattern-features", "--server", $"{server.Address}");
        Assert.Contains("% of the area", output, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static (SimulationSpec Spec, IReadOnlyList<Field> Fields) Read(params string[] arguments)
    {
        var options = new SpecOptions();
        var command = new Command("read");
        options.AddTo(command);
        var parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        var spec = options.Read(parsed);
        return (spec, options.ReadFields(parsed, spec));
    }

    // A grey picture of 8 bits.
    private string Write(string name, int rowCount, int columnCount, Func<int, int, byte> level, bool isEmpty = false)
    {
        var path = Path.Combine(_folder.FullName, name);
        using var pixels = new MemoryStream();
        using (var compressed = new ZLibStream(pixels, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var row = 0; row < (isEmpty ? 0 : rowCount); row++)
            {
                compressed.Write([0, .. Enumerable.Range(0, columnCount).Select(column => level(row, column))]);
            }
        }

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, columnCount);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), rowCount);
        header[8] = 8;
        using var file = File.Create(path);
        file.Write([0x89, .. Encoding.ASCII.GetBytes("PNG\r\n"), 0x1A, (byte)'\n']);
        PngFile.WriteChunk(file, "IHDR", header);
        PngFile.WriteChunk(file, "IDAT", pixels.ToArray());
        PngFile.WriteChunk(file, "IEND", []);
        return path;
    }
}

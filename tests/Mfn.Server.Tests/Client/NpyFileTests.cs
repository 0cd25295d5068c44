using System.Text;
using Mfn.Client.Npy;

namespace Mfn.Server.Tests.Client;

public sealed class NpyFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-npy-");

    [Fact]
    public void Write_Matrix_IsTheFormatToTheByte()
    {
        var path = Path.Combine(_folder.FullName, "a.npy");
        File.WriteAllText(path, "an older file");

        NpyFile.Write(path, [1.0, -2.5, 0.1, 0, 0, 0], 2, 3);

        // The documented layout: magic, version 1.0, header length, a Python dict padded to a multiple of 64, then the cells.
        var header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }".PadRight(128 - 10 - 1) + "\n";
        byte[] expected =
        [
            0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header),
            .. Convert.FromHexString("000000000000F03F00000000000004C09A9999999999B93F"), .. new byte[24],
        ];
        Assert.Equal(expected, File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(_folder.FullName));
    }

    [Fact]
    public void Write_Vector_HasAPythonTupleOfOne()
    {
        var path = Path.Combine(_folder.FullName, "a.npy");

        NpyFile.Write(path, [1.0], 1);

        Assert.Contains("'shape': (1,), }", Encoding.ASCII.GetString(File.ReadAllBytes(path)), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_WrongShapeOrFolder_LeavesNothingBehind()
    {
        Assert.Throws<ArgumentException>(() => NpyFile.Write(Path.Combine(_folder.FullName, "a.npy"), [1.0], 2, 3));
        Assert.Throws<IOException>(() => NpyFile.Write(Path.Combine(_folder.FullName, "none", "a.npy"), [1.0], 1));
        Assert.Empty(_folder.GetFileSystemInfos());
    }

    public void Dispose() => _folder.Delete(recursive: true);
}

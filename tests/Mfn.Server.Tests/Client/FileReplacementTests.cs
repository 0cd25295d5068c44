using System.Net.Sockets;
using System.Runtime.Versioning;
using Mfn.Client.Files;

namespace Mfn.Server.Tests.Client;

[UnsupportedOSPlatform("windows")]
public sealed class FileReplacementTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-files-");

    [Fact]
    public void Write_NewAndOldFile_IsTheContentAlone()
    {
        var path = In("a");

        FileReplacement.Write(path, [1, 2], [3]);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        FileReplacement.Write(path, stream => stream.WriteByte(4));

        Assert.Equal([4], File.ReadAllBytes(path));
        Assert.Equal([path], Names());
    }

    [Fact]
    public async Task Write_ThatFails_KeepsTheOldFile()
    {
        var path = In("a");
        await File.WriteAllTextAsync(path, "old");

        var error = Assert.Throws<IOException>(() => FileReplacement.Write(path, Fail));
        await Assert.ThrowsAsync<InvalidOperationException>(() => FileReplacement.WriteAsync<int>(path, _ => throw new InvalidOperationException()));

        Assert.Equal($"'{path}' cannot be written: the disk is full", error.Message);
        Assert.Equal("old", await File.ReadAllTextAsync(path));
        Assert.Equal([path], Names());

        static void Fail(Stream stream)
        {
            stream.Write(new byte[100_000]);
            throw new IOException("the disk is full");
        }
    }

    [Theory]
    [InlineData("target")]
    [InlineData("not-there-yet")]
    public void Write_Link_StaysAndItsTargetIsReplaced(string target)
    {
        File.WriteAllText(In("target"), "old");
        File.CreateSymbolicLink(In("second"), target);
        File.CreateSymbolicLink(In("first"), In("second"));

        FileReplacement.Write(In("first"), "new"u8, []);

        Assert.Equal("new", File.ReadAllText(In(target)));
        Assert.Equal(In("second"), new FileInfo(In("first")).LinkTarget);
        Assert.Equal(target, new FileInfo(In("second")).LinkTarget);
    }

    [Fact]
    public void Write_ParentOfALinkedFolder_IsThatOfWhatItLeadsTo()
    {
        // As the system takes it: link/../b is beside the folder that the link leads to, not beside the link.
        Directory.CreateDirectory(In("deep/folder"));
        Directory.CreateSymbolicLink(In("link"), "deep/folder");
        File.CreateSymbolicLink(In("deep/folder/up"), "../a");

        FileReplacement.Write(In("link/up"), [1], []);
        FileReplacement.Write(In("link/../b"), [2], []);

        Assert.Equal([1], File.ReadAllBytes(In("deep/a")));
        Assert.Equal([2], File.ReadAllBytes(In("deep/b")));
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute)]
    public void Write_OldFile_KeepsItsPermissions(UnixFileMode mode)
    {
        var path = In("a");
        File.WriteAllText(path, "old");
        File.SetUnixFileMode(path, mode);

        FileReplacement.Write(path, [1], []);

        Assert.Equal(mode, File.GetUnixFileMode(path));
    }

    [Fact]
    public void Write_NewFile_HasThePermissionsOfAnyNewFile()
    {
        File.WriteAllText(In("any"), "");

        FileReplacement.Write(In("a"), [1], []);

        Assert.Equal(File.GetUnixFileMode(In("any")), File.GetUnixFileMode(In("a")));
    }

    [Fact]
    public void Write_LongestName_IsPossible()
    {
        var path = In(new string('n', 255));

        FileReplacement.Write(path, [1], []);

        Assert.Equal([path], Names());
    }

    [Fact]
    public void Write_WhatIsNoFile_IsRefused()
    {
        Directory.CreateDirectory(In("folder"));
        File.CreateSymbolicLink(In("to-folder"), "folder");
        File.CreateSymbolicLink(In("to-device"), "/dev/full");
        File.CreateSymbolicLink(In("round"), "about");
        File.CreateSymbolicLink(In("about"), "round");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(In("socket")));
        var before = Names();

        foreach (var (path, reason) in new[]
        {
            (In("folder"), "it is a folder."),
            (In("to-folder"), "it is a folder."),
            ("/dev/null", "it is a device, a pipe or a socket and no regular file."),
            (In("to-device"), "it is a device, a pipe or a socket and no regular file."),
            (In("socket"), "it is a device, a pipe or a socket and no regular file."),
            ("/proc/self/fd/1", "it is a device, a pipe or a socket and no regular file."),
            (In("round"), "its links lead round in a circle, or through something that is no folder."),
            (In("none/a"), "it is in a folder that does not exist."),
            (In("new/"), "its links lead round in a circle, or through something that is no folder."),
        })
        {
            var error = Assert.Throws<IOException>(() => FileReplacement.Write(path, [1], []));
            Assert.Equal($"'{path}' cannot be written: {reason}", error.Message);
        }

        Assert.Throws<ArgumentException>(() => FileReplacement.Write("", [1], []));
        Assert.Equal(before, Names());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string In(string name) => Path.Join(_folder.FullName, name);

    private string[] Names() => Directory.GetFileSystemEntries(_folder.FullName, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None });
}

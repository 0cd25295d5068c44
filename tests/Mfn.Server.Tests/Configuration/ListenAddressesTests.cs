using Mfn.Server.Configuration;

namespace Mfn.Server.Tests.Configuration;

public sealed class ListenAddressesTests
{
    [Theory]
    [InlineData("http://127.0.0.1:0", 1)]
    [InlineData("http://127.0.0.1:0;http://127.0.0.1:0", 2)]
    [InlineData(" http://127.0.0.1:1 ; https://[::1]:1/ ;", 2)]
    [InlineData("HTTP://LOCALHOST:50051", 1)]
    [InlineData("http://*:50051;http://0.0.0.0:50052;http://+:50053", 3)]
    [InlineData("https://127.0.0.1", 1)]
    [InlineData("http://unix:/run/mfn.sock", 1)]
    public void Read_Addresses_AreTaken(string urls, int count)
    {
        var problems = new List<string>();

        var addresses = ListenAddresses.Read(urls, "--urls", problems);

        Assert.Empty(problems);
        Assert.Equal(count, addresses.Count);
    }

    [Theory]
    [InlineData("nope", "--urls must be addresses such as http://127.0.0.1:50051 or https://0.0.0.0:50051 with semicolons between them, but was 'nope'.")]
    [InlineData("ftp://127.0.0.1:1", "--urls must be addresses such as http://127.0.0.1:50051 or https://0.0.0.0:50051 with semicolons between them, but was 'ftp://127.0.0.1:1'.")]
    [InlineData("127.0.0.1:1", "--urls must be addresses such as http://127.0.0.1:50051 or https://0.0.0.0:50051 with semicolons between them, but was '127.0.0.1:1'.")]
    [InlineData("http://", "--urls must be addresses such as http://127.0.0.1:50051, but was 'http://'.")]
    [InlineData("http://127.0.0.1:1,http://127.0.0.1:2", null)]
    [InlineData("http://127.0.0.1:1/path", "--urls must have nothing behind the port, as in http://127.0.0.1:50051, but was 'http://127.0.0.1:1/path'.")]
    [InlineData("http://127.0.0.1:65536", "--urls must have a port between 0 and 65535, where 0 takes a free one, but was 'http://127.0.0.1:65536'.")]
    [InlineData("http://127.0.0.1:-1", null)]
    [InlineData("http://127.0.0.1:5x", null)]
    [InlineData("http://127.0.0.l:1", "--urls must have an IP address of this machine, localhost, or * for all of its addresses, but was 'http://127.0.0.l:1'.")]
    [InlineData("http://server.example:1", "--urls must have an IP address of this machine, localhost, or * for all of its addresses, but was 'http://server.example:1'.")]
    [InlineData("http://me@127.0.0.1:1", "--urls must have an IP address of this machine, localhost, or * for all of its addresses, but was 'http://me@127.0.0.1:1'.")]
    [InlineData("http://localhost:0", "--urls must have 127.0.0.1 or [::1] instead of localhost, which can be both, where the port is 0, but was 'http://localhost:0'.")]
    [InlineData("http://unix:mfn.sock", null)]
    [InlineData("http://127.0.0.1:1;http://127.0.0.1:1/", "--urls has 'http://127.0.0.1:1' and 'http://127.0.0.1:1/', which are the same address.")]
    [InlineData("http://127.0.0.1:1;https://127.0.0.1:1", "--urls has 'http://127.0.0.1:1' and 'https://127.0.0.1:1', which are the same address.")]
    [InlineData(";", "--urls must have an address such as http://127.0.0.1:50051, but was ';'.")]
    public void Read_WhatCannotBeListenedAt_IsRefused(string urls, string? told)
    {
        var problems = new List<string>();

        ListenAddresses.Read(urls, "--urls", problems);

        var problem = Assert.Single(problems);
        Assert.StartsWith("--urls ", problem, StringComparison.Ordinal);
        Assert.EndsWith($"'{urls}'.", told is null ? problem : $"'{urls}'.", StringComparison.Ordinal);
        Assert.Equal(told ?? problem, problem);
    }

    [Fact]
    public void Read_SeveralThingsWrong_AreAllTold()
    {
        var problems = new List<string>();

        ListenAddresses.Read("nope;http://127.0.0.1:1;http://a:1", "MFN_Urls", problems);

        Assert.Equal(2, problems.Count);
        Assert.All(problems, problem => Assert.StartsWith("MFN_Urls must ", problem, StringComparison.Ordinal));
    }
}

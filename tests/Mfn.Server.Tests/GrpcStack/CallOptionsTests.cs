using Grpc.Core;

namespace Mfn.Server.Tests.GrpcStack;

public class CallOptionsTests
{
    private static readonly CallCredentials Credentials = CallCredentials.FromInterceptor((_, _) => Task.CompletedTask);

    [Fact]
    public void Default_Options_SayNothing()
    {
        var options = new CallOptions();

        Assert.Null(options.Headers);
        Assert.Null(options.Deadline);
        Assert.False(options.CancellationToken.CanBeCanceled);
        Assert.Null(options.WriteOptions);
        Assert.Null(options.PropagationToken);
        Assert.Null(options.Credentials);
        Assert.False(options.IsWaitForReady);
    }

    [Fact]
    public void With_OneThing_ChangesACopyAndKeepsTheRest()
    {
        using var cancellation = new CancellationTokenSource();
        var headers = new Metadata();
        var deadline = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var writeOptions = new WriteOptions(WriteFlags.NoCompress);
        var original = new CallOptions();

        var changed = original
            .WithHeaders(headers)
            .WithDeadline(deadline)
            .WithCancellationToken(cancellation.Token)
            .WithWriteOptions(writeOptions)
            .WithCredentials(Credentials)
            .WithWaitForReady();

        Assert.Same(headers, changed.Headers);
        Assert.Equal(deadline, changed.Deadline);
        Assert.Equal(cancellation.Token, changed.CancellationToken);
        Assert.Same(writeOptions, changed.WriteOptions);
        Assert.Same(Credentials, changed.Credentials);
        Assert.True(changed.IsWaitForReady);
        Assert.False(changed.WithWaitForReady(false).IsWaitForReady);
        Assert.Equal(new CallOptions(), original);
    }

    [Fact]
    public void Constructor_Arguments_ReachTheirProperties()
    {
        using var cancellation = new CancellationTokenSource();
        var headers = new Metadata();
        var deadline = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

        var options = new CallOptions(headers, deadline, cancellation.Token, WriteOptions.Default, null, Credentials);

        Assert.Same(headers, options.Headers);
        Assert.Equal(deadline, options.Deadline);
        Assert.Equal(cancellation.Token, options.CancellationToken);
        Assert.Same(WriteOptions.Default, options.WriteOptions);
        Assert.Same(Credentials, options.Credentials);
    }
}
